import { createRequire } from 'node:module';
import { SendenseError } from '@sendense/core';
import type { NativeMode } from '@sendense/plugin-kit';
import { type Addon, CONTRACT } from './addon.ts';
import { platformFacts, platformName } from './platform.ts';

/** The addon, or why there is none. */
export type LoadedAddon =
  | { readonly addon: Addon; readonly reason?: never }
  | { readonly addon?: never; readonly reason: string };

/** Loads a module by name; tests replace it. */
export type Require = (name: string) => unknown;

function isAddon(loaded: unknown): loaded is Addon {
  return (
    typeof loaded === 'object' &&
    loaded !== null &&
    'contract' in loaded &&
    typeof loaded.contract === 'function' &&
    loaded.contract() === CONTRACT
  );
}

/** Tries the package of the platform. Never throws. */
export function tryAddon(platform: string | undefined, load: Require): LoadedAddon {
  if (platform === undefined) {
    const { platform: system, arch } = process;
    return { reason: `there is no native part for ${system} on ${arch}` };
  }
  const name = `@sendense/blockio-native-${platform}`;
  try {
    const loaded = load(name);
    return isAddon(loaded) ? { addon: loaded } : { reason: `${name} belongs to another version` };
  } catch (error) {
    const [line = ''] = String(error instanceof Error ? error.message : error).split('\n');
    return { reason: `${name} cannot be loaded: ${line}` };
  }
}

let loaded: LoadedAddon | undefined;

/**
 * Loads the addon of this platform, once a process. Without one it tells the reason; with mode `require` it then throws
 * `UNSUPPORTED`.
 */
export function loadAddon(mode: NativeMode = 'auto'): LoadedAddon {
  if (mode === 'off') return { reason: 'native code is switched off' };
  loaded ??= tryAddon(platformName(platformFacts()), createRequire(import.meta.url));
  if (mode === 'require' && loaded.addon === undefined) throw absentAddon(loaded.reason);
  return loaded;
}

/** The error for an addon that was asked for and is not there. */
export function absentAddon(reason: string): SendenseError {
  return new SendenseError('UNSUPPORTED', `the native driver is required and absent: ${reason}`, {
    operation: 'load-addon',
    remedy:
      'install the optional dependency for this platform (in a checkout: install Rust and run "npm run build"), or do not require it',
  });
}
