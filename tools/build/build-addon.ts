import { copyFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { platformFacts, platformName } from '../../packages/blockio-native/src/platform.ts';
import { type CommandResult, runCommand } from '../run-command.ts';
import { root } from '../workspace.ts';

const crates = path.join(root, 'packages/blockio-native');
const cache = path.join(root, 'node_modules/.cache/blockio-native');

/** What cargo calls the library of the addon, by platform. */
const libraries: Readonly<Record<string, string>> = {
  linux: 'libsendense_blockio_addon.so',
  darwin: 'libsendense_blockio_addon.dylib',
  win32: 'sendense_blockio_addon.dll',
};

/** Runs cargo on our crates, with its output kept in the cache of this checkout. */
export function runCargo(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<CommandResult> {
  return runCommand('cargo', args, crates, { CARGO_TARGET_DIR: path.join(cache, 'target'), ...environment });
}

/** Whether cargo can be run at all. */
export async function hasCargo(): Promise<boolean> {
  return (await runCommand('cargo', ['--version'], crates)).ok;
}

/**
 * Builds the addon for this machine into its platform package. The attempt is noted, so that `tools/run.mjs` tries again
 * only after the sources have changed.
 */
export async function buildAddon(): Promise<CommandResult> {
  const platform = platformName(platformFacts());
  if (platform === undefined) return { ok: true, output: 'There is no native part for this platform.\n' };
  const built = await runCargo(['build', '--release', '--locked', '--package', 'sendense-blockio-addon']);
  if (built.ok) place(path.join(crates, 'npm', platform));
  mkdirSync(cache, { recursive: true });
  writeFileSync(path.join(cache, 'attempt'), built.ok ? 'built' : 'failed');
  return built;
}

/** Replaces the file as a whole: a process that runs the old one keeps it. */
function place(folder: string): void {
  const library = libraries[process.platform] ?? '';
  const fresh = path.join(folder, `.blockio-native.${process.pid}`);
  copyFileSync(path.join(cache, 'target/release', library), fresh);
  renameSync(fresh, path.join(folder, 'blockio-native.node'));
}

if (import.meta.main) {
  const { ok, output } = await buildAddon();
  if (!ok || process.env.CI !== 'true') process.stderr.write(output);
  process.exitCode = ok ? 0 : 1;
}
