import { execa } from 'execa';
import { type QemuChoice, qemuEnvironment } from './peer-programs.ts';

/** Longest run of one of these programs: a server that hangs fails the test with the program's name. */
const TIMEOUT_MS = 60_000;

/** What `nbdinfo --json` says of a URI; the caller knows the members. Rejects when nbdinfo fails. */
export async function nbdInfo(uri: string, ...flags: readonly string[]): Promise<unknown> {
  const { stdout } = await execa('nbdinfo', ['--json', ...flags, uri], { timeout: TIMEOUT_MS });
  const answer: unknown = JSON.parse(stdout);
  return answer;
}

/** Runs of a context as nbdinfo sees them. */
export async function nbdMap(uri: string, context = 'base:allocation'): Promise<unknown> {
  return nbdInfo(uri, `--map=${context}`);
}

/** Copies with `nbdcopy`; either side is a URI or a file. */
export async function nbdCopy(from: string, to: string, ...flags: readonly string[]): Promise<void> {
  await execa('nbdcopy', [...flags, from, to], { timeout: TIMEOUT_MS });
}

/** Runs `qemu-img`; rejects when it fails. */
export async function qemuImg(args: readonly string[], choice?: QemuChoice): Promise<string> {
  const options = { env: qemuEnvironment(choice), extendEnv: false, timeout: TIMEOUT_MS };
  const { stdout } = await execa('qemu-img', args, options);
  return stdout;
}

/** Runs commands of `qemu-io` on a disk, one by one; rejects when one fails. */
export async function qemuIo(
  target: readonly string[],
  commands: readonly string[],
  choice?: QemuChoice,
): Promise<string> {
  const args = [
    ...target.slice(0, -1),
    ...commands.flatMap((command) => ['-c', command]),
    ...target.slice(-1),
  ];
  const options = { env: qemuEnvironment(choice), extendEnv: false, timeout: TIMEOUT_MS };
  const { stdout } = await execa('qemu-io', args, options);
  return stdout;
}

/**
 * Runs Python lines in `nbdsh`, where `h` is a libnbd handle that is not connected yet; resolves with what they print,
 * and rejects when one of them throws. The package belongs to Debian's Python, whichever comes first on the PATH.
 */
export async function nbdShell(lines: readonly string[]): Promise<string> {
  const { stdout } = await execa('/usr/bin/python3', ['-m', 'nbd', '-c', lines.join('\n')], {
    timeout: TIMEOUT_MS,
  });
  return stdout;
}
