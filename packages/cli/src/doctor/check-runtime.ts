import * as zlib from 'node:zlib';
import { findNativeDriver } from '@sendense/blockio-native';
import type { NativeMode } from '@sendense/plugin-kit';
import { type Check, failed, passed } from './check.ts';

/** The oldest Node.js that Sendense runs on. */
const OLDEST = [22, 18] as const;

/** The version of Node.js. */
export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = OLDEST;
  const recent = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  if (recent) return passed('node', version);
  return failed('node', version, `install Node.js ${OLDEST.join('.')} or newer`);
}

/** zstd compression, which comes with Node.js. */
export function checkZstd(): Check {
  if ('zstdCompressSync' in zlib) return passed('zstd', 'in Node.js');
  return failed('zstd', 'missing', 'install a Node.js whose zlib has zstd (22.15 or newer)');
}

/** The native addon; without it the TypeScript path does the same work. Required and absent, it throws `UNSUPPORTED`. */
export function checkNative(mode: NativeMode): Check {
  const { reason } = findNativeDriver(mode);
  if (reason === null) return passed('native-addon', 'loaded: bytes are moved by native code');
  return passed(
    'native-addon',
    `bytes are moved by the TypeScript path: ${reason}`,
    mode === 'off' ? null : 'for more speed, install the optional dependencies of @sendense/blockio-native',
  );
}
