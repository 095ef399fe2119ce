import { createHash, createHmac } from 'node:crypto';
import { Secret } from '@sendense/core';
import { createChunker } from '@sendense/plugin-kit/chunks';
import { type IndexedPack, serializeIndex } from '../src/index/index-object.ts';
import { unlock } from '../src/keys/unlock.ts';
import { PREFIXES, packKey, pointKey, streamPrefix } from '../src/layout/object-keys.ts';
import { MapBuilder } from '../src/map/map-builder.ts';
import { ChunkCodec } from '../src/packs/chunk-codec.ts';
import { CHUNK_KINDS, type PackEntry } from '../src/packs/pack-directory.ts';
import { serializePack } from '../src/packs/pack-layout.ts';
import { pointRecord } from '../src/records/point-record.ts';
import { sealRecord } from '../src/records/sealed-json.ts';
import { createSealer } from '../src/seal/seal.ts';
import type { ObjectStore } from '../src/store/object-store.ts';
import { testKey } from './keys.ts';
import { CHUNK_BYTES, draftOf } from './sample-disk.ts';

/** Frames of a pack, and their size, as of 1 MiB chunks that compress to a quarter. */
const FRAMES = 64;
const FRAME_BYTES = 256 * 1024;
/** Chunks of an index object. */
const IDS_OF_OBJECT = 65_536;

/** The `count` ids from `first` on, 32 bytes each: distinct, and spread as those of chunks are. */
function idsFrom(first: number, count: number): Buffer {
  const ids = Buffer.allocUnsafe(count * 32);
  for (let index = 0; index < count; index += 1)
    createHash('sha256')
      .update(`${first + index}`)
      .digest()
      .copy(ids, index * 32);
  return ids;
}

/** Adds index objects that name so many chunks in packs which are not there: what another writer could have stored. */
export async function indexManyIds(store: ObjectStore, count: number): Promise<void> {
  const { keys, configuration } = await unlock(store, testKey);
  const sealer = createSealer(keys.seal, configuration.id);
  for (let done = 0; done < count; done += IDS_OF_OBJECT) {
    const ids = idsFrom(done, Math.min(IDS_OF_OBJECT, count - done));
    const packs: IndexedPack[] = [];
    for (let at = 0; at < ids.byteLength; at += FRAMES * 32)
      packs.push(packOf(`${done} ${at}`, ids.subarray(at, at + FRAMES * 32)));
    const key = `${PREFIXES.index}${createHash('sha256').update(`${done} of ${count}`).digest('hex').slice(0, 32)}`;
    await store.put(key, sealer.seal('index', key, serializeIndex(packs)));
  }
}

function packOf(name: string, ids: Buffer): IndexedPack {
  const entries = Array.from({ length: ids.byteLength / 32 }, (_, frame) => ({
    id: ids.subarray(frame * 32, (frame + 1) * 32),
    length: FRAME_BYTES,
    kind: CHUNK_KINDS.disk,
  }));
  const id = createHmac('sha256', 'pack').update(name).digest('hex').slice(0, 32);
  return { id, sizeBytes: entries.length * FRAME_BYTES + 4096, entries };
}

/** Adds a point of one disk that is made of the chunks which `indexManyIds` names: its map and its manifest are real. */
export async function storePointOfManyIds(store: ObjectStore, count: number): Promise<void> {
  const { keys, configuration } = await unlock(store, testKey);
  const sealer = createSealer(keys.seal, configuration.id);
  const secret = (key: Uint8Array) => new Secret(Buffer.from(key).toString('hex'));
  const options = { chunkBytes: configuration.chunkBytes, zstdLevel: 3 };
  const chunker = createChunker({ ...options, idKey: secret(keys.id), dataKey: secret(keys.data) }, () =>
    Promise.reject(new TypeError('chunks are in memory')),
  );
  await using codec = new ChunkCodec(chunker, configuration.chunkBytes);
  const packs: IndexedPack[] = [];
  let [frames, entries]: [Uint8Array[], PackEntry[]] = [[], []];
  const close = async () => {
    const id = createHmac('sha256', 'nodes').update(`${packs.length}`).digest('hex').slice(0, 32);
    const parts = serializePack(packKey(id), frames, entries, sealer);
    await store.put(packKey(id), parts);
    packs.push({ id, sizeBytes: parts.reduce((sum, part) => sum + part.byteLength, 0), entries });
    [frames, entries] = [[], []];
  };
  const map = new MapBuilder(count, undefined, async (node) => {
    const batch = await codec.name(node);
    const id = Uint8Array.from(batch.ids);
    const { bytes, [Symbol.dispose]: dispose } = await codec.encode(batch, [0]);
    frames.push(Uint8Array.from(bytes));
    entries.push({ id, length: bytes.byteLength, kind: CHUNK_KINDS.node });
    dispose?.();
    if (frames.length === 256) await close();
    return id;
  });
  for (let done = 0; done < count; done += IDS_OF_OBJECT) {
    const ids = idsFrom(done, Math.min(IDS_OF_OBJECT, count - done));
    for (let at = 0; at < ids.byteLength; at += 32) await map.set(done + at / 32, ids.subarray(at, at + 32));
  }
  const root = Buffer.from(await map.finish()).toString('hex');
  await close();
  const index = `${PREFIXES.index}${'0'.repeat(32)}`;
  await store.put(index, sealer.seal('index', index, serializeIndex(packs)));
  const draft = draftOf({ stream: 'many', sequence: 1, disk: [0] });
  const [disk] = draft.disks;
  const key = pointKey(streamPrefix(keys, draft), 1);
  const record = {
    ...draft,
    disks: [{ ...disk, sizeBytes: count * CHUNK_BYTES, number: 0, storedBytes: 0, writtenBytes: 0, root }],
    parentId: null,
    storedBytes: 0,
    states: [],
    artifacts: [],
    held: false,
    note: null,
  };
  await store.put(key, sealRecord(sealer, pointRecord, key, record));
}
