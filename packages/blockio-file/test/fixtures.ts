import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileDriver } from '@sendense/blockio-file';
import type { BlockIoDriverFixture } from '@sendense/testkit';

/** The driver with a folder for its endpoints, which is removed at the end. */
export async function openFixture(): Promise<BlockIoDriverFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-disk-'));
  const driver = createFileDriver();
  let files = 0;
  return {
    driver,
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
