import { openMemoryReader } from '../../memory/disk/memory-reader.ts';
import type { ConformanceCase } from '../case.ts';
import { expectCode } from '../expect.ts';
import { CHUNK_BYTES, type ChunkerContext, chunkedDisk, WHOLE } from './chunker-subject.ts';

const NOTHING = new Uint8Array();
const NO_FRAMES = { bytes: NOTHING, lengths: new Uint32Array() };

/** Closed, aborted, and nothing at all. */
export const chunkerTraitCases: readonly ConformanceCase<ChunkerContext>[] = [
  {
    name: 'a disposed chunker is closed, and may be disposed twice',
    clause: 'Chunker: a disposed handle is closed; invariant 10',
    async run({ chunker }) {
      const own = chunker();
      const reader = openMemoryReader(chunkedDisk());
      const batch = await own.read(reader, WHOLE);
      await own[Symbol.asyncDispose]();
      await own[Symbol.asyncDispose]();
      await expectCode(() => own.read(reader, WHOLE), 'NOT_OPEN');
      await expectCode(() => own.encode(batch, new Uint32Array()), 'NOT_OPEN');
      await expectCode(() => own.decode(NO_FRAMES), 'NOT_OPEN');
      await expectCode(() => own.decodeInto(NOTHING, NOTHING, new Uint8Array(CHUNK_BYTES)), 'NOT_OPEN');
    },
  },
  {
    name: 'calls with an aborted signal reject with ABORTED, and the batch is still there',
    clause: 'Call.signal: aborting rejects the call with ABORTED',
    async run({ chunker }) {
      const own = chunker();
      const call = { signal: AbortSignal.abort() };
      const reader = openMemoryReader(chunkedDisk());
      await expectCode(() => own.read(reader, WHOLE, call), 'ABORTED');
      await expectCode(() => own.decode(NO_FRAMES, call), 'ABORTED');
      await expectCode(() => own.decodeInto(NOTHING, NOTHING, new Uint8Array(CHUNK_BYTES), call), 'ABORTED');
      const batch = await own.read(reader, WHOLE);
      await expectCode(() => own.encode(batch, Uint32Array.of(0), call), 'ABORTED');
      await own.encode(batch, Uint32Array.of(0));
    },
  },
];
