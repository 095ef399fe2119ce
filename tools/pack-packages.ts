import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { CommandResult } from './run-command.ts';
import { runPnpm } from './run-pnpm.ts';
import { builtAddons, publishedPackages } from './workspace.ts';

/** The tarballs of all published packages and of the native parts built here, as absolute paths. */
export type PackedPackages = CommandResult & { readonly tarballs: readonly string[] };

/** Packs every published package, built before, into an empty `folder`. Fails unless each gave a tarball. */
export async function packPackages(folder: string): Promise<PackedPackages> {
  const packages = [...publishedPackages(), ...builtAddons()];
  const filters = packages.map(({ manifest }) => `--filter=${manifest.name}`);
  const { ok, output } = await runPnpm([...filters, 'pack', '--pack-destination', folder]);
  const files = (await readdir(folder)).filter((file) => file.endsWith('.tgz'));
  const tarballs = files.map((file) => path.join(folder, file));
  return { ok: ok && tarballs.length === filters.length, output, tarballs };
}
