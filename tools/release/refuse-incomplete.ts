import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PLATFORMS } from '../../packages/blockio-native/src/platform.ts';
import { readPackage } from '../workspace.ts';
import { ADDON_FILE, driverProblems, type PlatformPackage, platformProblems } from './addon-problems.ts';

/**
 * Runs before the native driver or one of its platform packages is published (`prepublishOnly`), in the folder of that
 * package. Exit code 1 with the reasons when a user would get a package without its native part.
 */
function main(folder: string): void {
  const own = readPackage(folder);
  const problems =
    own.manifest.name === '@sendense/blockio-native'
      ? driverProblems(own.manifest, [...PLATFORMS], platformPackages(path.join(folder, 'npm')))
      : platformProblems(platformPackage(folder));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length === 0) return;
  process.stderr.write(`${own.manifest.name} is not published.\n`);
  process.exitCode = 1;
}

function platformPackages(folder: string): PlatformPackage[] {
  return readdirSync(folder).map((name) => platformPackage(path.join(folder, name)));
}

function platformPackage(folder: string): PlatformPackage {
  const file = path.join(folder, ADDON_FILE);
  return { ...readPackage(folder), addon: existsSync(file) ? readFileSync(file) : undefined };
}

main(process.cwd());
