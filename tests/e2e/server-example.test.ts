import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ctlJson, type Running, startCtl } from '../../packages/cli/test/run-ctl.ts';

const EXAMPLE = path.resolve(import.meta.dirname, '../../examples/msp-with-the-server.ts');
const FLAGS = ['--conditions=@sendense/source', '--disable-warning=ExperimentalWarning'];
const CONTENT = Buffer.from(seededBytes(4, 3_000_000));

let home = '';
let server: Running | undefined;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'sendense-msp-'));
});
afterEach(async () => {
  server?.child.kill('SIGTERM');
  await server?.end;
  await rm(home, { recursive: true, force: true });
});

/** Repository, machines of two customers, and the configuration that names them. */
async function configure(): Promise<void> {
  const tree = path.join(home, 'tree');
  await mkdir(path.join(tree, 'etc'), { recursive: true });
  await writeFile(path.join(tree, 'etc', 'hostname'), 'web\n');
  await writeFile(path.join(tree, 'etc', 'photo'), CONTENT);
  const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const args = [
    '-q',
    '-F',
    '-t',
    'ext4',
    '-O',
    'extent,64bit',
    '-d',
    tree,
    path.join(home, 'web.raw'),
    '16M',
  ];
  execFileSync('mke2fs', args, { env, stdio: 'pipe' });
  await writeFile(path.join(home, 'db.raw'), seededBytes(1, 1_048_576));
  await ctlJson(home, ['repository', 'init', '--repository', 'backups']);
  const tenants = {
    acme: { repositories: ['main'], sources: ['web'] },
    globex: { repositories: [], sources: ['db'] },
  };
  const config = {
    sources: {
      web: { at: 'image:web.raw', format: 'raw', machineName: 'web' },
      db: { at: 'image:db.raw', format: 'raw', machineName: 'db' },
    },
    repositories: { main: 'local:backups' },
    server: { access: { tenants } },
  };
  await mkdir(path.join(home, '.config/sendense'), { recursive: true });
  await writeFile(path.join(home, '.config/sendense/config.json'), JSON.stringify(config));
}

/** Starts `sendense-ctl server start`; where it listens. */
async function serve(): Promise<string> {
  server = startCtl(home, ['server', 'start', '--listen', '127.0.0.1:0', '--json']);
  if (server.child.stdout === null) throw new Error('no output');
  for await (const line of createInterface({ input: server.child.stdout }))
    return (JSON.parse(line) as { url: string }).url;
  throw new Error(`the server ended before it served: ${server.stderr()}`);
}

async function tokenOf(tenant: string): Promise<string> {
  const { token } = await ctlJson(home, ['token', 'create', '--role', 'operator', '--tenant', tenant]);
  return String(token);
}

const run = (url: string, token: string, ...args: string[]) =>
  execa(process.execPath, [...FLAGS, EXAMPLE, ...args], {
    cwd: home,
    env: { SENDENSE_URL: url, SENDENSE_TOKEN: token },
  });

describeWithPeers(['ext4-tools'], 'the example of a service provider', () => {
  it("backs a customer's machine up, and takes a file out of the backup, with the customer's token alone", async () => {
    await configure();
    const acme = await tokenOf('acme');
    const globex = await tokenOf('globex');
    const url = await serve();
    const { stdout } = await run(url, acme, 'web', 'main', '/etc', 'photo');
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^backup \S+$/),
      'file hostname 4',
      `file photo ${CONTENT.length}`,
      `photo: ${CONTENT.length} bytes`,
    ]);
    expect((await readFile(path.join(home, 'photo'))).equals(CONTENT)).toBe(true);
    await expect(run(url, globex, 'web', 'main')).rejects.toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('NOT_FOUND'),
    });
  });
});
