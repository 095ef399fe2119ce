import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import { expectBytes, expectCode } from '../expect.ts';
import { aligned, chunks, lastCell, readRange } from './block-access.ts';
import type { BlockReaderCapabilities, BlockReaderContext } from './block-reader-subject.ts';

type ReaderCase = ConformanceCase<BlockReaderContext, BlockReaderCapabilities>;

const random = ({ order }: BlockReaderCapabilities): boolean => order === 'random';

/** What `BlockReader.read` must do, and what a caller may ask of it. */
export const readerReadCases: readonly ReaderCase[] = [
  {
    name: 'declares the capabilities it has and limits that can be kept',
    clause: 'BlockLimits; BlockReader: optional members are capabilities',
    async run({ reader, content, capabilities }) {
      const { alignmentBytes, maxBytes, maxInFlight, order } = reader.limits;
      assert.equal(reader.sizeBytes, content.sizeBytes, 'sizeBytes');
      assert.equal(order, capabilities.order, 'limits.order');
      assert.equal(reader.locate !== undefined, capabilities.locate, 'whether locate is offered');
      assert.equal(reader.digests !== undefined, capabilities.digests, 'whether digests are offered');
      assert.equal(reader.digestPieceBytes !== undefined, capabilities.digests, 'digestPieceBytes');
      assert.ok(
        alignmentBytes >= 1 && Number.isInteger(Math.log2(alignmentBytes)),
        'alignment: a power of two',
      );
      assert.ok(maxBytes >= alignmentBytes, 'maxBytes: at least one block');
      assert.ok(Number.isInteger(maxInFlight) && maxInFlight >= 1, 'maxInFlight: at least one');
    },
  },
  {
    name: 'reads every byte of the disk',
    clause: 'BlockReader.read: fill `into` wholly or reject',
    async run({ reader, content }) {
      expectBytes(await readRange(reader), content.bytes(), 'the disk');
    },
  },
  {
    name: 'leaves the bytes beside the part to be filled alone',
    clause: 'BlockReader.read: leave bytes outside `into` alone',
    async run({ reader, content }) {
      const cell = aligned(reader, { offset: 0, length: 1 });
      const around = new Uint8Array(cell.length + 64).fill(0xa5);
      await reader.read(cell.offset, around.subarray(32, 32 + cell.length));
      expectBytes(around.subarray(0, 32), new Uint8Array(32).fill(0xa5), 'the bytes before');
      expectBytes(around.subarray(32, 32 + cell.length), content.bytes(cell), 'the bytes read');
      expectBytes(around.subarray(32 + cell.length), new Uint8Array(32).fill(0xa5), 'the bytes behind');
    },
  },
  {
    name: 'replaces what was in the buffer where the disk reads as zeros',
    clause: 'BlockReader.read: fill `into` wholly or reject',
    async run({ reader, content }) {
      const hole = aligned(reader, { offset: 786_432, length: 512 });
      const into = new Uint8Array(hole.length).fill(0xff);
      await reader.read(hole.offset, into);
      expectBytes(into, content.bytes(hole), 'the hole');
    },
  },
  {
    name: 'reads the last bytes of the disk alone',
    clause: 'BlockLimits.alignmentBytes: except a length that ends at sizeBytes',
    async run({ reader, content }) {
      const cell = lastCell(reader);
      expectBytes(await readRange(reader, cell), content.bytes(cell), 'the last bytes');
    },
  },
  {
    name: 'skips forward over bytes that nobody reads',
    clause: 'BlockLimits.order: one forward pass, gaps allowed',
    async run({ reader, content }) {
      for (const offset of [0, 65_536, 917_504]) {
        const cell = aligned(reader, { offset, length: 512 });
        expectBytes(await readRange(reader, cell), content.bytes(cell), `the bytes at ${cell.offset}`);
      }
    },
  },
  {
    name: 'reads backwards and reads the same bytes twice',
    clause: 'BlockReader: random reads of one instant; its bytes never change while it is open',
    requires: random,
    inverse: { name: 'refuses to go back with RANGE_INVALID', run: refusesBack },
    async run({ reader, content }) {
      const cells = [...chunks(reader, aligned(reader, { offset: 0, length: 262_144 }))];
      for (const cell of [...cells.toReversed(), ...cells]) {
        expectBytes(await readRange(reader, cell), content.bytes(cell), `the bytes at ${cell.offset}`);
      }
    },
  },
  {
    name: 'answers as many reads at once as it allows',
    clause: 'BlockLimits.maxInFlight: the most calls under way at once',
    requires: random,
    async run({ reader, content }) {
      const offsets = Array.from(
        { length: reader.limits.maxInFlight },
        (_, index) => (index * 73_728) % 983_040,
      );
      const cells = offsets.map((offset) => aligned(reader, { offset, length: 4096 }));
      const read = await Promise.all(cells.map((cell) => readRange(reader, cell)));
      for (const [index, cell] of cells.entries()) {
        expectBytes(read[index] ?? new Uint8Array(), content.bytes(cell), `read ${index} of ${cells.length}`);
      }
    },
  },
  {
    name: 'resolves a read of nothing, also of the last block',
    clause: 'BlockReader.read: zero length never arrives',
    async run({ reader }) {
      await reader.read(0, new Uint8Array(0));
      await reader.read(lastCell(reader).offset, new Uint8Array(0));
    },
  },
  {
    name: 'refuses to read past the end with RANGE_INVALID',
    clause: 'BlockReader.read: a range inside the disk',
    async run({ reader }) {
      const { offset, length } = lastCell(reader);
      await expectCode(() => reader.read(offset, new Uint8Array(length + 1)), 'RANGE_INVALID');
      await expectCode(() => reader.read(reader.sizeBytes, new Uint8Array(1)), 'RANGE_INVALID');
      await expectCode(() => reader.read(-1, new Uint8Array(1)), 'RANGE_INVALID');
    },
  },
  {
    name: 'refuses a read off its grid or longer than its most with RANGE_INVALID',
    clause: 'BlockReader.read: aligned and within `maxBytes`',
    async run({ reader }) {
      const { alignmentBytes, maxBytes } = reader.limits;
      if (alignmentBytes > 1) {
        await expectCode(() => reader.read(1, new Uint8Array(alignmentBytes)), 'RANGE_INVALID');
      }
      if (maxBytes >= reader.sizeBytes) return;
      const tooLong = new Uint8Array(maxBytes + alignmentBytes);
      await expectCode(() => reader.read(0, tooLong), 'RANGE_INVALID');
    },
  },
];

async function refusesBack({ reader }: BlockReaderContext): Promise<void> {
  await readRange(reader, aligned(reader, { offset: 524_288, length: 512 }));
  const back = aligned(reader, { offset: 0, length: 512 });
  await expectCode(() => readRange(reader, back), 'RANGE_INVALID');
}
