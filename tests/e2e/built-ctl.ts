import { globSync, statSync } from 'node:fs';
import path from 'node:path';
import { buildPackages } from '../../tools/build/build-packages.ts';
import { publishedPackages, root } from '../../tools/workspace.ts';

let program: Promise<string> | undefined;

/**
 * The command line as users run it, for what is measured: Node takes 60 MiB more for it from its sources. Built first where a source is
 * newer than what was built of it.
 */
export function builtCtl(): Promise<string> {
  program ??= build();
  return program;
}

async function build(): Promise<string> {
  const outdated = publishedPackages().filter(({ folder }) => newest(folder, 'dist') < newest(folder, 'src'));
  if (outdated.length > 0) {
    const { ok, output } = await buildPackages(outdated);
    if (!ok) throw new Error(output);
  }
  return path.join(root, 'packages/cli/dist/main.js');
}

/** When the newest file of a folder of a package was written, ms; 0 where there is none. */
function newest(folder: string, part: 'dist' | 'src'): number {
  const files = globSync(`${part}/**/*.{ts,js}`, { cwd: folder });
  return Math.max(0, ...files.map((file) => statSync(path.join(folder, file)).mtimeMs));
}
