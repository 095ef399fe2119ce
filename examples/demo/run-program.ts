import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** File-system tools live in /sbin, which is not on every user's PATH. */
const MORE_FOLDERS = ['/usr/sbin', '/sbin', '/opt/homebrew/opt/e2fsprogs/sbin'];

/** Where a program is; `undefined` when it is nowhere. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of [...(process.env.PATH ?? '').split(':'), ...MORE_FOLDERS]) {
    const path = join(folder, name);
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/** Runs a program to its end and resolves with what it printed. */
export async function runProgram(name: string, args: readonly string[]): Promise<string> {
  const path = await findProgram(name);
  if (path === undefined) throw new Error(`the demo needs ${name}`);
  const { stdout } = await execute(path, args);
  return stdout;
}
