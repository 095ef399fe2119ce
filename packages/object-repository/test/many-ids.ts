import { createHash, randomBytes } from 'node:crypto';
import { type IndexedPack, serializeIndex } from '../src/index/index-object.ts';
import { unlock } from '../src/keys/unlock.ts';
import { PREFIXES } from '../src/layout/object-keys.ts';
import { CHUNK_KINDS } from '../src/packs/pack-directory.ts';
import { createSealer } from '../src/seal/seal.ts';
import type { ObjectStore } from '../src/store/object-store.ts';
import { testKey } from './keys.ts';

/** Frames of a pack, and packs of an index object, as of 1 MiB chunks that compress to a quarter. */
const FRAMES = 64;
const FRAME_BYTES = 256 * 1024;

/** Adds index objects that name `ids` distinct chunks in packs which are not there: what another writer could have stored. */
export async function indexManyIds(store: ObjectStore, ids: number, idsOfObject = 65_536): Promise<void> {
  const { keys, configuration } = await unlock(store, testKey);
  const sealer = createSealer(keys.seal, configuration.id);
  for (let done = 0; done < ids; done += idsOfObject) {
    const packs: IndexedPack[] = [];
    for (let left = Math.min(idsOfObject, ids - done); left > 0; left -= FRAMES)
      packs.push(packOf(Math.min(left, FRAMES)));
    const key = `${PREFIXES.index}${createHash('sha256').update(`${done} of ${ids}`).digest('hex').slice(0, 32)}`;
    await store.put(key, sealer.seal('index', key, serializeIndex(packs)));
  }
}

function packOf(frames: number): IndexedPack {
  const bytes = randomBytes(frames * 32);
  const entries = Array.from({ length: frames }, (_, frame) => ({
    id: bytes.subarray(frame * 32, (frame + 1) * 32),
    length: FRAME_BYTES,
    kind: CHUNK_KINDS.disk,
  }));
  return { id: randomBytes(16).toString('hex'), sizeBytes: frames * FRAME_BYTES + 4096, entries };
}
