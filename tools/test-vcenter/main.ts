import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fetchProgram, isCurrent } from '@sendense/tests/fetched-programs';
import { peerEnvironment, readPeers } from '@sendense/tests/peer-list';

/**
 * A vCenter to try the VMware connectors with. With `--json` its first line is one JSON object (README.md); other
 * arguments are those of the Go program. It lives until its standard input closes.
 */
async function main(): Promise<number> {
  const peer = readPeers().find(({ name }) => name === 'test-vcenter');
  if (peer?.fetch === undefined) throw new Error('test-vcenter is no peer that is built');
  if (!isCurrent(peer.name, peer.fetch)) {
    process.stderr.write('Building the test vCenter with Go (first start, or its sources changed) ...\n');
    if (!fetchProgram(peer.name, peer.fetch)) return 1;
  }
  const args = process.argv.slice(2);
  const program = spawn(
    peer.name,
    args.filter((arg) => arg !== '--json'),
    {
      env: peerEnvironment(peer),
      stdio: ['inherit', 'pipe', 'inherit'],
    },
  );
  const ended = new Promise<number>((resolve) => program.once('exit', (code) => resolve(code ?? 1)));
  for await (const line of createInterface({ input: program.stdout }))
    process.stdout.write(`${args.includes('--json') ? line : asText(line)}\n`);
  return ended;
}

function asText(line: string): string {
  const told = JSON.parse(line) as Readonly<Record<string, string>>;
  return Object.entries(told)
    .map(([name, value]) => `${name.padEnd(13)} ${value}`)
    .join('\n');
}

process.exitCode = await main();
