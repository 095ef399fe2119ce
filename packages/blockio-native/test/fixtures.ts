import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileDriver } from '@sendense/blockio-file';
import { createNativeDriver, findNativeDriver } from '@sendense/blockio-native';
import type { BlockIoDriverFixture } from '@sendense/testkit';
import { describeUnless } from '@sendense/tests/peers';

/**
 * `describe` for tests of the native code. Where it is not built they are skipped with the reason; where it is required
 * (`SENDENSE_NATIVE=require`) they fail.
 */
export function describeNative(title: string, define: () => void): void {
  const mode = process.env.SENDENSE_NATIVE === 'require' ? 'require' : 'auto';
  const { reason } = findNativeDriver(mode);
  describeUnless(reason, title, define);
}

/** The driver with a folder for its endpoints, which is removed at the end; what it stored is read without it. */
export async function openFixture(): Promise<BlockIoDriverFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-native-'));
  let files = 0;
  return {
    driver: createNativeDriver(),
    endpoint: async (content) => {
      files += 1;
      const path = join(folder, `disk-${files}`);
      await writeFile(path, content.bytes());
      return { kind: 'file', path };
    },
    missing: { kind: 'file', path: join(folder, 'nothing') },
    stored: (endpoint) => createFileDriver().openReader(endpoint),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
