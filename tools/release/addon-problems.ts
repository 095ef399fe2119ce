import type { Manifest, WorkspacePackage } from '../workspace.ts';
import { binaryKind } from './binary-kind.ts';

/** The file that a platform package of the native driver is for. */
export const ADDON_FILE = 'blockio-native.node';

/** A package, and the bytes of its addon when it has one. */
export type PlatformPackage = Pick<WorkspacePackage, 'id' | 'manifest'> & {
  readonly addon: Uint8Array | undefined;
};

/** Why a platform package must not be published. Its folder is named as the platform is. */
export function platformProblems({ id, manifest, addon }: PlatformPackage): string[] {
  const name = `@sendense/blockio-native-${id}`;
  if (manifest.name !== name) return [`${manifest.name} must be called ${name}`];
  if (addon === undefined)
    return [`${name} has no ${ADDON_FILE}: build it on that platform and put it there`];
  const kind = binaryKind(addon);
  return kind === id ? [] : [`${name} has a ${ADDON_FILE} for ${kind ?? 'no platform that is known'}`];
}

/** Why the native driver must not be published: each platform that it loads has to be complete, and of its version. */
export function driverProblems(
  driver: Manifest,
  platforms: readonly string[],
  packages: readonly PlatformPackage[],
): string[] {
  const optional = Object.keys(driver.optionalDependencies ?? {});
  const wanted = platforms.map((platform) => `@sendense/blockio-native-${platform}`);
  return [
    ...wanted.filter((name) => !optional.includes(name)).map((name) => `${name} is no optional dependency`),
    ...optional.filter((name) => !wanted.includes(name)).map((name) => `${name} is for no platform`),
    ...platforms
      .filter((platform) => !packages.some(({ id }) => id === platform))
      .map((platform) => `there is no package for ${platform}`),
    ...packages
      .filter(({ manifest }) => manifest.version !== driver.version)
      .map(({ manifest }) => `${manifest.name} has version ${manifest.version}, not ${driver.version}`),
    ...packages.flatMap(platformProblems),
  ];
}
