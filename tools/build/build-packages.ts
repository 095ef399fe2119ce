import path from 'node:path';
import { mapParallel } from '../map-parallel.ts';
import { allOf, type CommandResult, runCommand } from '../run-command.ts';
import { publishedPackages } from '../workspace.ts';

const builder = path.join(import.meta.dirname, 'build-package.ts');

/** Builds `dist` of packages, by default all published ones, with tsup, two at a time. Declarations come from sources: no order. */
export async function buildPackages(packages = publishedPackages()): Promise<CommandResult> {
  return allOf(
    await mapParallel(packages, 2, ({ folder }) =>
      runCommand(process.execPath, [...process.execArgv, builder], folder),
    ),
  );
}
