import { systemServices } from '@sendense/core';
import { seededBytes } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { createMemoryStore, noObjects } from '../../test/memory-store.ts';
import type { IndexedPack } from '../index/index-object.ts';
import { ID_BYTES } from '../packs/pack-directory.ts';
import { readDirectory } from '../packs/read-directory.ts';
import { createSealer } from '../seal/seal.ts';
import { PackWriter } from './pack-writer.ts';

const FRAMES = 140_000;
const FRAME_BYTES = 100;

it('packs of very small frames are as full as their reader takes, and hold every frame', async () => {
  const store = createMemoryStore(noObjects());
  const sealer = createSealer(Buffer.alloc(32, 1), 'repository');
  const packs: IndexedPack[] = [];
  const context = { store, sealer, random: systemServices().random };
  const deadline = { note: () => undefined };
  const writer = new PackWriter(context, { deadline, lock: {} }, async (pack) => {
    packs.push(pack);
  });
  const names = seededBytes(1, FRAMES + ID_BYTES);
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const id = names.subarray(frame, frame + ID_BYTES);
    writer.add({ id, length: FRAME_BYTES, kind: 0 }, new Uint8Array(FRAME_BYTES));
  }
  await writer.flush();
  const counts: number[] = [];
  for (const { id, sizeBytes } of packs)
    counts.push((await readDirectory(store, sealer, id, sizeBytes)).length);
  expect(counts.toSorted((a, b) => b - a)).toEqual([65_536, 65_536, FRAMES - 2 * 65_536]);
});
