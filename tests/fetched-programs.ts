import { copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runQuietly } from './run-quietly.ts';
import { unpackedFolder } from './unpacked-packages.ts';

/** A program that the package manager of its language builds or downloads, of one version. */
export interface ProgramSource {
  readonly manager: 'go' | 'npm';
  /** `module/path@version`, or `package@version` as `npm-programs/NAME` locks it. */
  readonly package: string;
}

/** Puts the program below `.cache/peers/NAME/usr/bin`, whole or not at all. Tells whether it worked. */
export function fetchProgram(name: string, { manager, package: wanted }: ProgramSource): boolean {
  const target = unpackedFolder(name);
  // at its last place from the start: the programs of npm are links to where they were installed
  rmSync(target, { recursive: true, force: true });
  return manager === 'npm' ? installLocked(name, target) : buildWithGo(wanted, target);
}

/** The lock decides every version: what a range allows today may not be there in full yet. */
function installLocked(name: string, target: string): boolean {
  const locked = fileURLToPath(new URL(`npm-programs/${name}/`, import.meta.url));
  const folder = join(target, 'usr');
  mkdirSync(folder, { recursive: true });
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(join(locked, file), join(folder, file));
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'];
  if (!runQuietly('npm', ['ci', ...quiet], { cwd: folder })) return false;
  symlinkSync(join('node_modules', '.bin'), join(folder, 'bin'));
  return true;
}

function buildWithGo(wanted: string, target: string): boolean {
  const bin = join(target, 'usr', 'bin');
  mkdirSync(bin, { recursive: true });
  const env = { ...process.env, GOBIN: join(target, 'incoming') };
  if (!runQuietly('go', ['install', wanted], { cwd: target, env })) return false;
  rmSync(bin, { recursive: true });
  renameSync(env.GOBIN, bin);
  return true;
}
