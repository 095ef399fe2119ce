import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from '@sendense/plugin-kit';
import { blockDeviceConformance, type DiskContent, openMemoryReader } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { openOverlay } from '../src/overlay/overlay-file.ts';

/** An overlay above a disk in memory, in a folder of its own. */
async function overlayOf(content: DiskContent) {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-overlay-'));
  const overlay = await openOverlay(openMemoryReader(content), 'export', folder, nodeFileSystem);
  const { reader, writer } = overlay.disk;
  const dispose = async () => {
    await overlay[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  };
  return { reader, writer, stored: async () => ({ ...reader }), [Symbol.asyncDispose]: dispose };
}

blockDeviceConformance(
  { describe, it },
  {
    name: 'overlay',
    reader: { capabilities: { order: 'random', locate: false, digests: false }, open: overlayOf },
    writer: {
      capabilities: {
        order: 'random',
        rewritable: true,
        untouched: 'base',
        durable: false,
        endpoint: false,
        copyFrom: false,
      },
      open: (_sizeBytes, base) => overlayOf(base),
    },
  },
);
