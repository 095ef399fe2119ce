import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mapParallel } from '../map-parallel.ts';
import { allOf, type CommandResult, runCommand } from '../run-command.ts';
import { runPnpm } from '../run-pnpm.ts';
import { publishedPackages } from '../workspace.ts';

/** Packs every published package and lets publint and attw judge the tarballs as a user would meet them. */
export async function checkTarballs(): Promise<CommandResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sendense-tarballs-'));
  try {
    const filters = publishedPackages().map(({ manifest }) => `--filter=${manifest.name}`);
    const packing = await runPnpm([...filters, 'pack', '--pack-destination', folder]);
    const tarballs = (await readdir(folder)).filter((file) => file.endsWith('.tgz'));
    if (!packing.ok || tarballs.length !== filters.length) return { ok: false, output: packing.output };
    return allOf(await mapParallel(tarballs, 2, (file) => checkTarball(path.join(folder, file))));
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
