import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly } from './run-quietly.ts';
import { unpackedFolder } from './unpacked-packages.ts';

/** A program that the package manager of its language builds or downloads, of one version. */
export interface ProgramSource {
  readonly manager: 'go' | 'npm';
  /** `module/path@version` or `package@version`. */
  readonly package: string;
}

/** Puts the program below `.cache/peers/NAME/usr/bin`, whole or not at all. Tells whether it worked. */
export function fetchProgram(name: string, { manager, package: wanted }: ProgramSource): boolean {
  const target = unpackedFolder(name);
  // at its last place from the start: the programs of npm are links to where they were installed
  rmSync(target, { recursive: true, force: true });
  const bin = join(target, 'usr', 'bin');
  mkdirSync(bin, { recursive: true });
  if (manager === 'npm') {
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'];
    return runQuietly('npm', ['install', '--global', '--prefix', join(target, 'usr'), ...quiet, wanted], {
      cwd: target,
    });
  }
  const env = { ...process.env, GOBIN: join(target, 'incoming') };
  if (!runQuietly('go', ['install', wanted], { cwd: target, env })) return false;
  rmSync(bin, { recursive: true });
  renameSync(env.GOBIN, bin);
  return true;
}
