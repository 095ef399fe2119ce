import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs `qemu-img`; rejects with its output when it fails. */
export async function qemuImg(...args: string[]): Promise<string> {
  return (await run('qemu-img', args, { maxBuffer: 256 * 1024 * 1024 })).stdout;
}

/** Runs `qemu-io` commands on an image; rejects when one fails. */
export async function qemuIo(path: string, ...commands: string[]): Promise<string> {
  const { stdout } = await run('qemu-io', [...commands.flatMap((command) => ['-c', command]), path]);
  if (/fail|error/i.test(stdout)) throw new Error(stdout);
  return stdout;
}

/** An extent of `qemu-img map`. */
export type MappedByQemu = {
  readonly offset: number;
  readonly length: number;
  readonly kind: 'data' | 'zero';
  readonly depth: number;
};

/** `qemu-img map` with neighbours of the same kind and depth joined. */
export async function qemuMap(path: string, ...options: string[]): Promise<MappedByQemu[]> {
  const text = await qemuImg('map', '--output=json', ...options, path);
  const entries: unknown = JSON.parse(text);
  const joined: MappedByQemu[] = [];
  for (const { start, length, depth, zero } of entries as QemuEntry[]) {
    const last = joined.at(-1);
    const kind = zero ? 'zero' : 'data';
    if (last?.kind === kind && last.depth === depth)
      joined[joined.length - 1] = { ...last, length: last.length + length };
    else joined.push({ offset: start, length, kind, depth });
  }
  return joined;
}

type QemuEntry = {
  readonly start: number;
  readonly length: number;
  readonly depth: number;
  readonly zero: boolean;
};
