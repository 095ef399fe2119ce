import assert from 'node:assert/strict';
import type { ByteRange } from '@sendense/core';
import { seededBytes, seededInteger, seededRandom } from '../../seeded.ts';
import type { ConformanceCase } from '../case.ts';
import { expectBytes, expectCode, settle } from '../expect.ts';
import { aligned, lastCell, writeRange } from './block-access.ts';
import type { BlockWriterCapabilities, BlockWriterContext } from './block-writer-subject.ts';

type WriterCase = ConformanceCase<BlockWriterContext, BlockWriterCapabilities>;

/** Writes the same bytes to the destination and to the model. */
export async function writeBoth(context: BlockWriterContext, range: ByteRange, seed: number): Promise<void> {
  const { offset, length } = aligned(context.writer, range);
  const data = seededBytes(seed, length);
  await writeRange(context.writer, offset, data);
  context.model.write(offset, data);
}

/** Makes a range of the destination and of the model zeros. */
export async function zeroBoth({ writer, model }: BlockWriterContext, range: ByteRange): Promise<void> {
  const { offset, length } = aligned(writer, range);
  await writer.zero(offset, length);
  model.zero(offset, length);
}

/** Flushes and compares the whole destination with the model. */
export async function expectStored({ writer, model, stored }: BlockWriterContext): Promise<void> {
  await writer.flush();
  expectBytes(await stored(), model.bytes(), 'the destination');
}

/** What `write`, `zero` and `flush` of a writer must do. */
export const writerWriteCases: readonly WriterCase[] = [
  {
    name: 'declares the capabilities it has and limits that can be kept',
    clause: 'BlockLimits; BlockWriter: optional members are capabilities',
    async run({ writer, model, capabilities }) {
      const { alignmentBytes, maxBytes, maxInFlight, order } = writer.limits;
      assert.ok(writer.sizeBytes >= model.sizeBytes, 'sizeBytes: at least the size of the source');
      assert.deepEqual(
        { order, rewritable: writer.rewritable, untouched: writer.untouched },
        { order: capabilities.order, rewritable: capabilities.rewritable, untouched: capabilities.untouched },
      );
      assert.equal(writer.durable !== undefined, capabilities.durable, 'whether durable is offered');
      assert.equal(writer.endpoint !== undefined, capabilities.endpoint, 'whether endpoint is offered');
      assert.equal(writer.copyFrom !== undefined, capabilities.copyFrom, 'whether copyFrom is offered');
      assert.ok(
        alignmentBytes >= 1 && Number.isInteger(Math.log2(alignmentBytes)),
        'alignment: a power of two',
      );
      assert.ok(maxBytes >= alignmentBytes, 'maxBytes: at least one block');
      assert.ok(Number.isInteger(maxInFlight) && maxInFlight >= 1, 'maxInFlight: at least one');
    },
  },
  {
    name: 'has stored what was written when flush resolves',
    clause: 'BlockWriter.flush: make everything written so far durable before it resolves',
    async run(context) {
      await writeBoth(context, { offset: 0, length: 4096 }, 11);
      await writeBoth(context, { offset: 131_072, length: 200_000 }, 12);
      await expectStored(context);
    },
  },
  {
    name: 'reads as declared where nobody wrote',
    clause: 'BlockWriter.untouched: what a range nobody writes reads as',
    requires: ({ untouched }) => untouched !== 'unknown',
    run: expectStored,
  },
  {
    name: 'has taken the bytes when write resolves',
    clause: 'BlockWriter.write: have taken the bytes when it resolves (`data` may be reused)',
    async run(context) {
      const { writer, model } = context;
      const { offset, length } = aligned(writer, { offset: 65_536, length: 4096 });
      const data = seededBytes(13, length);
      model.write(offset, data);
      await writer.write(offset, data);
      data.fill(0xee);
      await zeroAllElse(context, { offset, length });
      await expectStored(context);
    },
  },
  {
    name: 'makes a range zeros, whatever was under it and however long it is',
    clause: 'BlockWriter.zero: read as zeros, whatever `untouched` is; `length` may exceed `maxBytes`',
    async run(context) {
      await zeroBoth(context, { offset: 0, length: context.writer.sizeBytes });
      context.model.zero(0, context.model.sizeBytes);
      await expectStored(context);
    },
  },
  {
    name: 'keeps data around a range that is made zeros',
    clause: 'BlockWriter.zero: make the range read as zeros',
    async run(context) {
      await writeBoth(context, { offset: 0, length: 65_536 }, 14);
      await zeroBoth(context, { offset: 65_536, length: 65_536 });
      await writeBoth(context, { offset: 131_072, length: 65_536 }, 15);
      await zeroAllElse(context, { offset: 0, length: 196_608 });
      await expectStored(context);
    },
  },
  {
    name: 'writes the last bytes of the disk',
    clause: 'BlockLimits.alignmentBytes: except a length that ends at sizeBytes',
    async run(context) {
      const { writer, model } = context;
      const { offset, length } = lastCell(writer);
      const data = seededBytes(16, length);
      await writer.write(offset, data);
      if (offset < model.sizeBytes) model.write(offset, data.subarray(0, model.sizeBytes - offset));
      if (context.capabilities.untouched === 'unknown') return;
      await expectStored(context);
    },
  },
  {
    name: 'takes a later write over an earlier one',
    clause: 'BlockWriter.rewritable',
    requires: ({ rewritable, order }) => rewritable && order === 'random',
    async run(context) {
      await writeBoth(context, { offset: 0, length: 131_072 }, 17);
      await writeBoth(context, { offset: 65_536, length: 131_072 }, 18);
      await zeroBoth(context, { offset: 0, length: 65_536 });
      await writeBoth(context, { offset: 0, length: 512 }, 19);
      await zeroAllElse(context, { offset: 0, length: 196_608 });
      await expectStored(context);
    },
  },
  {
    name: 'takes writes in any order',
    clause: 'BlockLimits.order: random',
    requires: ({ order }) => order === 'random',
    inverse: { name: 'refuses to go back with RANGE_INVALID', run: refusesBack },
    async run(context) {
      await zeroAllElse(context, { offset: 0, length: 589_824 });
      for (const offset of [524_288, 262_144, 393_216, 0, 131_072]) {
        await writeBoth(context, { offset, length: 65_536 }, offset);
      }
      for (const offset of [65_536, 196_608, 327_680, 458_752])
        await zeroBoth(context, { offset, length: 65_536 });
      await expectStored(context);
    },
  },
  {
    name: 'takes as many writes at once as it allows',
    clause: 'BlockLimits.maxInFlight: the most calls under way at once',
    requires: ({ order }) => order === 'random',
    async run(context) {
      const count = Math.min(context.writer.limits.maxInFlight, 8);
      const offsets = Array.from({ length: count }, (_, index) => index * 65_536);
      await Promise.all(offsets.map((offset) => writeBoth(context, { offset, length: 65_536 }, offset + 1)));
      await zeroAllElse(context, { offset: 0, length: count * 65_536 });
      await expectStored(context);
    },
  },
  {
    name: 'goes on after a flush, and flushes as often as it is asked',
    clause: 'BlockWriter.flush: make everything written so far durable',
    async run(context) {
      await context.writer.flush();
      await writeBoth(context, { offset: 0, length: 65_536 }, 21);
      await context.writer.flush();
      await context.writer.flush();
      await writeBoth(context, { offset: 65_536, length: 65_536 }, 22);
      await zeroAllElse(context, { offset: 0, length: 131_072 });
      await expectStored(context);
    },
  },
  {
    name: 'resolves a write and a zero of nothing',
    clause: 'BlockWriter.write: zero length never arrives',
    async run({ writer }) {
      await writer.write(0, new Uint8Array(0));
      await writer.zero(lastCell(writer).offset, 0);
      await writer.flush();
    },
  },
  {
    name: 'refuses what is past the end, off its grid or too long with RANGE_INVALID, and writes none of it',
    clause: 'BlockWriter.write: a range inside the disk, aligned, within `maxBytes`',
    async run({ writer, stored }) {
      const before = await stored();
      const { offset, length } = lastCell(writer);
      const { alignmentBytes, maxBytes } = writer.limits;
      await expectCode(() => writer.write(offset, new Uint8Array(length + 1)), 'RANGE_INVALID');
      await expectCode(() => writer.zero(offset, length + 1), 'RANGE_INVALID');
      if (alignmentBytes > 1)
        await expectCode(() => writer.write(1, new Uint8Array(alignmentBytes)), 'RANGE_INVALID');
      if (maxBytes + alignmentBytes <= writer.sizeBytes) {
        await expectCode(() => writer.write(0, new Uint8Array(maxBytes + alignmentBytes)), 'RANGE_INVALID');
      }
      expectBytes(await stored(), before, 'the destination');
    },
  },
  {
    name: 'holds what a random pass of writes and zeros says',
    clause: 'BlockWriter.write, zero and flush together',
    async run(context) {
      for (const seed of [1, 2, 3]) await randomPass(context, seed);
    },
  },
];

/** Where nobody may say what an untouched range holds, zeros are written around; ascending writers get them in order. */
async function zeroAllElse(context: BlockWriterContext, { offset, length }: ByteRange): Promise<void> {
  if (context.capabilities.untouched !== 'unknown') return;
  const end = aligned(context.writer, { offset, length });
  const after = end.offset + end.length;
  await zeroBoth(context, { offset: after, length: context.writer.sizeBytes - after });
  if (context.capabilities.order === 'random' && end.offset > 0)
    await zeroBoth(context, { offset: 0, length: end.offset });
}

async function refusesBack(context: BlockWriterContext): Promise<void> {
  await writeBoth(context, { offset: 524_288, length: 512 }, 23);
  await expectCode(() => writeBoth(context, { offset: 0, length: 512 }, 24), 'RANGE_INVALID');
}

/** One ascending pass; only the first is made where bytes are written once or going back is refused. */
async function randomPass(context: BlockWriterContext, seed: number): Promise<void> {
  const { capabilities, writer, model } = context;
  const once = !capabilities.rewritable || capabilities.order === 'ascending';
  if (once && seed > 1) return;
  const random = seededRandom(seed);
  const cell = Math.max(4096, writer.limits.alignmentBytes);
  for (let offset = 0; offset < model.sizeBytes; ) {
    const length = Math.min(cell * (1 + seededInteger(random, 20)), model.sizeBytes - offset);
    const choice = capabilities.untouched === 'unknown' ? seededInteger(random, 2) : seededInteger(random, 3);
    if (choice === 0) await writeBoth(context, { offset, length }, seed * 1000 + offset);
    if (choice === 1) await zeroBoth(context, { offset, length });
    offset += length;
  }
  const outcome = await settle(() => expectStored(context));
  if (!outcome.ok) throw new Error(`seed ${seed}: ${String(outcome.error)}`, { cause: outcome.error });
}
