import assert from 'node:assert/strict';
import { openMemoryReader } from '../../memory/disk/memory-reader.ts';
import type { ConformanceCase } from '../case.ts';
import { expectBytes, expectCode } from '../expect.ts';
import { CHUNK_BYTES, type ChunkerContext, chunkedDisk, WHOLE } from './chunker-subject.ts';

const ID_BYTES = 32;
const MARK = 0xa5;

/** A frame of each chunk of the disk with its id and its bytes. */
async function framesOf({ chunker }: ChunkerContext) {
  const own = chunker();
  const content = chunkedDisk();
  const batch = await own.read(openMemoryReader(content), WHOLE);
  const { bytes, lengths } = await own.encode(batch, Uint32Array.of(0, 1, 2, 3, 4));
  let end = 0;
  return Array.from(lengths, (length, index) => {
    end += length;
    const offset = index * CHUNK_BYTES;
    return {
      frame: bytes.subarray(end - length, end),
      id: batch.ids.subarray(index * ID_BYTES, (index + 1) * ID_BYTES),
      chunk: content.bytes({ offset, length: Math.min(CHUNK_BYTES, content.sizeBytes - offset) }),
    };
  });
}

/** Room for a chunk and a little more, full of marks. */
const markedRoom = (): Uint8Array => new Uint8Array(CHUNK_BYTES + 100).fill(MARK);

/** Decoding into memory of the caller. */
export const decodeIntoCases: readonly ConformanceCase<ChunkerContext>[] = [
  {
    name: 'puts the chunk of a frame at the start of the room, and leaves what is behind a chunk alone',
    clause: 'Chunker.decodeInto: at the start of `into`; leave bytes behind `chunkBytes` alone',
    async run(context) {
      const own = context.chunker();
      for (const { frame, id, chunk } of await framesOf(context)) {
        const into = markedRoom();
        assert.equal(await own.decodeInto(frame, id, into), chunk.byteLength);
        expectBytes(into.subarray(0, chunk.byteLength), chunk, 'the chunk');
        assert.ok(into.subarray(CHUNK_BYTES).every((byte) => byte === MARK));
      }
    },
  },
  {
    name: 'refuses a frame that is the chunk of another id',
    clause: 'Chunker.decodeInto: reject with CORRUPT when the frame is not the chunk of `id`',
    async run(context) {
      const own = context.chunker();
      const [one, other] = await framesOf(context);
      assert.ok(one !== undefined && other !== undefined);
      await expectCode(() => own.decodeInto(one.frame, other.id, markedRoom()), 'CORRUPT');
      await expectCode(() => own.decodeInto(one.frame, one.id.subarray(1), markedRoom()), 'CORRUPT');
    },
  },
  {
    name: 'refuses a frame with any flipped bit, and one that was cut, also when it decodes into room',
    clause: 'Chunker.decodeInto: reject with CORRUPT when the frame fails authentication',
    async run(context) {
      const own = context.chunker();
      const [, { frame, id } = { frame: new Uint8Array(), id: new Uint8Array() }] = await framesOf(context);
      assert.ok(frame.byteLength > 0);
      for (let at = 0; at < frame.byteLength; at += Math.max(1, Math.floor(frame.byteLength / 32))) {
        const bad = Uint8Array.from(frame);
        bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
        await expectCode(() => own.decodeInto(bad, id, markedRoom()), 'CORRUPT');
        await expectCode(() => own.decodeInto(frame.subarray(0, at), id, markedRoom()), 'CORRUPT');
      }
    },
  },
  {
    name: 'refuses room that holds the frame or the id',
    clause: 'Chunker.decodeInto: RANGE_INVALID when `into` shares bytes with `frame` or `id`',
    async run(context) {
      const own = context.chunker();
      const [{ frame, id } = { frame: new Uint8Array(), id: new Uint8Array() }] = await framesOf(context);
      const inside = (bytes: Uint8Array) => {
        const room = new Uint8Array(CHUNK_BYTES + bytes.byteLength);
        room.set(bytes, CHUNK_BYTES - 1);
        return { room, bytes: room.subarray(CHUNK_BYTES - 1, CHUNK_BYTES - 1 + bytes.byteLength) };
      };
      const ofFrame = inside(frame);
      await expectCode(() => own.decodeInto(ofFrame.bytes, id, ofFrame.room), 'RANGE_INVALID');
      const ofId = inside(id);
      await expectCode(() => own.decodeInto(frame, ofId.bytes, ofId.room), 'RANGE_INVALID');
    },
  },
  {
    name: 'refuses room for less than a chunk, and writes nothing there',
    clause: 'Chunker.decodeInto: RANGE_INVALID when `into` is too small',
    async run(context) {
      const [{ frame, id } = { frame: new Uint8Array(), id: new Uint8Array() }] = await framesOf(context);
      const into = markedRoom().subarray(0, CHUNK_BYTES - 1);
      await expectCode(() => context.chunker().decodeInto(frame, id, into), 'RANGE_INVALID');
      assert.ok(into.every((byte) => byte === MARK));
    },
  },
];
