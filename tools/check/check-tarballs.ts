import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mapParallel } from '../map-parallel.ts';
import { packPackages } from '../pack-packages.ts';
import { allOf, type CommandResult, runCommand } from '../run-command.ts';

/** Packs every published package and lets publint and attw judge the tarballs as a user would meet them. */
export async function checkTarballs(): Promise<CommandResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sendense-tarballs-'));
  try {
    const { ok, output, tarballs } = await packPackages(folder);
    return ok ? allOf(await mapParallel(tarballs, 2, checkTarball)) : { ok, output };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function checkTarball(tarball: string): Promise<CommandResult> {
  const results = [
    await runCommand('publint', ['run', tarball, '--strict']),
    // Everything is ESM, so what a CommonJS user would see is not judged.
    await runCommand('attw', [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color']),
  ];
  const { ok, output } = allOf(results);
  return { ok, output: ok ? '' : `${path.basename(tarball)}\n${output}` };
}
