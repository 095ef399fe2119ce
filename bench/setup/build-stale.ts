import { globSync, statSync } from 'node:fs';
import path from 'node:path';
import { buildPackages } from '../../tools/build/build-packages.ts';
import { publishedPackages, type WorkspacePackage } from '../../tools/workspace.ts';

/** Builds the published packages whose sources are newer than their `dist`; rejects with what the builder printed. */
export async function buildStale(say: (line: string) => void): Promise<void> {
  const stale = publishedPackages().filter(isStale);
  if (stale.length === 0) return;
  say(`building ${stale.map(({ id }) => id).join(', ')}`);
  const { ok, output } = await buildPackages(stale);
  if (!ok) throw new Error(`the packages could not be built:\n${output}`);
}

/** Whether a package was never built, or has a source that changed since. */
export function isStale({ folder }: Pick<WorkspacePackage, 'folder'>): boolean {
  const built = times(folder, ['dist/**/*.js']);
  const sources = times(folder, ['src/**/*.ts', 'package.json']);
  return built.length === 0 || Math.max(...sources) > Math.min(...built);
}

function times(folder: string, patterns: readonly string[]): number[] {
  const files = globSync([...patterns], { cwd: folder, exclude: ['**/*.test.ts'] });
  return files.map((file) => statSync(path.join(folder, file)).mtimeMs);
}
