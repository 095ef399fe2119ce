import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { CommandResult } from './run-command.ts';
import { runPnpm } from './run-pnpm.ts';
import { publishedPackages } from './workspace.ts';

/** The tarballs of all published packages, as absolute paths. */
export type PackedPackages = CommandResult & { readonly tarballs: readonly string[] };

/** Packs every published package, built before, into an empty `folder`. Fails unless each gave a tarball. */
export async function packPackages(folder: string): Promise<PackedPackages> {
  const filters = publishedPackages().map(({ manifest }) => `--filter=${manifest.name}`);
  const { ok, output } = await runPnpm([...filters, 'pack', '--pack-destination', folder]);
  const files = (await readdir(folder)).filter((file) => file.endsWith('.tgz'));
  const tarballs = files.map((file) => path.join(folder, file));
  return { ok: ok && tarballs.length === filters.length, output, tarballs };
}
