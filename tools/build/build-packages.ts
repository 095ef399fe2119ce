import path from 'node:path';
import { mapParallel } from '../map-parallel.ts';
import { allOf, type CommandResult, runCommand } from '../run-command.ts';
import { publishedPackages } from '../workspace.ts';

const builder = path.join(import.meta.dirname, 'build-package.ts');

/** Builds `dist` of every published package with tsup, two at a time. Declarations come from sources: no order. */
export async function buildPackages(): Promise<CommandResult> {
  return allOf(
    await mapParallel(publishedPackages(), 2, ({ folder }) =>
      runCommand(process.execPath, [...process.execArgv, builder], folder),
    ),
  );
}
