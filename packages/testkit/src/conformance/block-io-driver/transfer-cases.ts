import assert from 'node:assert/strict';
import { type BlockEndpoint, MOVE_SLOTS, type TransferRequest } from '@sendense/core';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { DiskContent } from '../../memory/disk/disk-content.ts';
import { seededBytes } from '../../seeded.ts';
import { readRange, sampleContent } from '../block-device/block-access.ts';
import type { ConformanceCase } from '../case.ts';
import { abortDuring, expectBytes, expectCode, quiet } from '../expect.ts';
import type { BlockIoDriverCapabilities, BlockIoDriverContext } from './block-io-driver-subject.ts';

type DriverCase = ConformanceCase<BlockIoDriverContext, BlockIoDriverCapabilities>;

const transfers = (capabilities: BlockIoDriverCapabilities): boolean => capabilities.transfer;

/** `[from index, source, destination, length]` */
type Move = readonly [number, number, number, number];

async function bytesAt(context: BlockIoDriverContext, endpoint: BlockEndpoint): Promise<Uint8Array> {
  const reader = await context.stored(endpoint);
  const bytes = await readRange(reader);
  await reader[Symbol.asyncDispose]();
  return bytes;
}

async function transfer(
  { driver }: BlockIoDriverContext,
  moves: readonly Move[],
  request: Pick<TransferRequest, 'from' | 'to'> & Partial<TransferRequest>,
) {
  const packed = Float64Array.from(moves.flat());
  const zeros = { pieceBytes: 65_536, action: 'skip' as const };
  const result = await driver.transfer?.({ digest: false, zeros, moves: packed, ...request });
  return result ?? assert.fail('the driver offers no transfer');
}

/** What a driver opens, and how it moves packed ranges. */
export const driverCases: readonly DriverCase[] = [
  {
    name: 'declares the capabilities it has, and answers what it supports without I/O',
    clause: 'BlockIoDriver.supports: never does I/O',
    async run({ driver, capabilities, endpoint, missing }) {
      assert.equal(driver.specificationVersion, 'v1');
      assert.equal(driver.transfer !== undefined, capabilities.transfer, 'whether transfer is offered');
      assert.equal(driver.packsZeros === true, capabilities.packsZeros, 'whether zeros can be packed');
      assert.equal(driver.chunker !== undefined, capabilities.chunker, 'whether a chunker is offered');
      const there = await endpoint(sampleContent());
      for (const use of ['read', 'write'] as const) {
        assert.equal(driver.supports(there, use), true);
        assert.equal(driver.supports(missing, use), true);
        assert.equal(driver.supports({ kind: 'nobody/knows' }, use), false);
      }
    },
  },
  {
    name: 'refuses what is not there with NOT_FOUND, and what it does not know with UNSUPPORTED',
    clause: 'BlockIoDriver.openReader: reject with NOT_FOUND, PERMISSION_DENIED or UNSUPPORTED by cause',
    async run({ driver, missing }) {
      await expectCode(() => driver.openReader(missing), 'NOT_FOUND');
      await expectCode(() => driver.openWriter(missing), 'NOT_FOUND');
      await expectCode(() => driver.openReader({ kind: 'nobody/knows' }), 'UNSUPPORTED');
      await expectCode(() => driver.openWriter({ kind: 'nobody/knows' }), 'UNSUPPORTED');
    },
  },
  {
    name: 'opens a destination without changing a byte of it',
    clause: 'BlockIoDriver.openWriter: open an existing destination without changing a byte of it',
    async run(context) {
      const content = sampleContent();
      const endpoint = await context.endpoint(content);
      const writer = await context.driver.openWriter(endpoint);
      await writer.flush();
      await writer[Symbol.asyncDispose]();
      expectBytes(await bytesAt(context, endpoint), content.bytes(), 'the destination');
    },
  },
  {
    name: 'opens nothing when it is aborted',
    clause: 'Call.signal: aborting rejects the call with ABORTED',
    async run({ driver, endpoint }) {
      const there = await endpoint(sampleContent());
      await expectCode(() => driver.openReader(there, { signal: AbortSignal.abort() }), 'ABORTED');
      await expectCode(() => driver.openWriter(there, { signal: AbortSignal.abort() }), 'ABORTED');
    },
  },
  {
    name: 'moves ranges of several sources to where they are asked for, and touches nothing else',
    clause: 'TransferRequest.moves',
    requires: transfers,
    async run(context) {
      const [one, two, to] = [sampleContent(), sampleContent(), sampleContent()];
      two.write(0, seededBytes(5, 262_144));
      to.write(524_288, seededBytes(6, 262_144));
      const from = [await context.endpoint(one), await context.endpoint(two)];
      const target = await context.endpoint(to);
      const moves: Move[] = [
        [1, 0, 524_288, 65_536],
        [0, 65_536, 0, 8192],
        [1, 131_072, 655_360, 512],
      ];
      await transfer(context, moves, { from, to: target });
      for (const [index, source, destination, length] of moves) {
        to.write(destination, [one, two][index]?.bytes({ offset: source, length }) ?? assert.fail());
      }
      expectBytes(await bytesAt(context, target), to.bytes(), 'the destination');
    },
  },
  {
    name: 'gives the digest of each move in their order',
    clause: 'TransferResult.digests: 32 bytes a move, in the order of the moves',
    requires: transfers,
    async run(context) {
      const blake3 = await loadBlake3();
      const content = sampleContent();
      const request = {
        from: [await context.endpoint(content)],
        to: await context.endpoint(content),
        digest: true,
      };
      const moves: Move[] = [
        [0, 65_536, 65_536, 65_536],
        [0, 0, 0, 512],
        [0, 786_432, 786_432, 65_536],
      ];
      const { digests } = await transfer(context, moves, request);
      assert.equal(digests?.byteLength, moves.length * 32);
      for (const [index, [, offset, , length]] of moves.entries()) {
        const digest = digests?.subarray(index * 32, index * 32 + 32) ?? assert.fail();
        expectBytes(digest, blake3(content.bytes({ offset, length })), `digest of move ${index}`);
      }
    },
  },
  {
    name: 'leaves runs of zeros out, or writes them, and tells them',
    clause:
      'TransferRequest.zeros: runs of at least `pieceBytes`, aligned to it within a move, are left out or written',
    requires: transfers,
    async run(context) {
      const source = new DiskContent(1_048_576);
      source.write(65_536, seededBytes(7, 65_536));
      source.write(0, new Uint8Array(4096));
      const old = new DiskContent(1_048_576);
      old.write(0, seededBytes(8, 1_048_576));
      for (const action of ['skip', 'write'] as const) {
        const to = await context.endpoint(old.snapshot());
        const request = { from: [await context.endpoint(source)], to, zeros: { pieceBytes: 65_536, action } };
        const { zeros } = await transfer(context, [[0, 0, 0, 262_144]], request);
        expectRuns(zeros, [
          [0, 0, 65_536],
          [0, 131_072, 131_072],
        ]);
        const wanted = old.snapshot();
        if (action === 'write') wanted.write(0, new Uint8Array(262_144));
        wanted.write(65_536, source.bytes({ offset: 65_536, length: 65_536 }));
        expectBytes(await bytesAt(context, to), wanted.bytes(), `zeros: ${action}`);
      }
    },
  },
  {
    name: 'packs data without the zeros between it, over move after move, and tells them',
    clause: 'TransferRequest.zeros: with `pack`, zeros are left out and what follows moves up',
    requires: ({ packsZeros }) => packsZeros,
    async run(context) {
      const piece = 65_536;
      const source = seededDisk(16 * piece);
      for (const zero of [1, 2, 5, 9, 10]) source.zero(zero * piece, piece);
      const old = new DiskContent(16 * piece);
      old.write(0, seededBytes(11, 16 * piece));
      const to = await context.endpoint(old.snapshot());
      const from = [await context.endpoint(source), await context.endpoint(seededDisk(piece))];
      const moves: Move[] = [0, 1, 2, 3, 4, 5, 6].map((at) => [0, at * piece, (2 + at) * piece, piece]);
      moves.push([1, 0, 9 * piece, piece], [0, 8 * piece, 10 * piece, 4 * piece]);
      const zeros = { pieceBytes: piece, action: 'pack' } as const;
      const result = await transfer(context, moves, { from, to, zeros, digest: true });
      expectRuns(result.zeros, [
        [1, 0, piece],
        [2, 0, piece],
        [5, 0, piece],
        [8, piece, 2 * piece],
      ]);
      const kept = [0, 3, 4, 6].map((at) => source.bytes({ offset: at * piece, length: piece }));
      kept.push(seededDisk(piece).bytes(), source.bytes({ offset: 8 * piece, length: piece }));
      kept.push(source.bytes({ offset: 11 * piece, length: piece }));
      old.write(2 * piece, Buffer.concat(kept));
      expectBytes(await bytesAt(context, to), old.bytes(), 'the destination');
      assert.equal(result.digests?.byteLength, moves.length * 32);
    },
  },
  {
    name: 'refuses to pack moves that do not follow each other, before it writes',
    clause:
      'BlockIoDriver.transfer: with `pack`, refuse moves that do not follow each other with RANGE_INVALID',
    requires: ({ packsZeros }) => packsZeros,
    async run(context) {
      const content = sampleContent();
      const endpoint = await context.endpoint(content);
      const from = [await context.endpoint(content)];
      const zeros = { pieceBytes: 4096, action: 'pack' } as const;
      for (const second of [4096 + 512, 0]) {
        const moves: Move[] = [
          [0, 65_536, 0, 4096],
          [0, 0, second, 4096],
        ];
        await expectCode(() => transfer(context, moves, { from, to: endpoint, zeros }), 'RANGE_INVALID');
      }
      expectBytes(await bytesAt(context, endpoint), content.bytes(), 'the destination');
    },
  },
  {
    name: 'refuses moves that are no moves',
    clause: 'TransferRequest.moves: packed four a move; byte values are safe integers',
    requires: transfers,
    async run(context) {
      const endpoint = await context.endpoint(sampleContent());
      const from = [endpoint];
      const bad: readonly Move[] = [
        [1, 0, 0, 512],
        [0, -512, 0, 512],
        [0, 0, 0, 0],
        [0, 0.5, 0, 512],
      ];
      for (const move of bad) {
        await expectCode(() => transfer(context, [move], { from, to: endpoint }), 'RANGE_INVALID');
      }
      const moves = new Float64Array(MOVE_SLOTS + 1);
      await expectCode(() => transfer(context, [], { from, to: endpoint, moves }), 'RANGE_INVALID');
    },
  },
  {
    name: 'refuses to move past the end of a disk',
    clause: 'TransferRequest.moves: inside both disks',
    requires: transfers,
    async run(context) {
      const content = sampleContent();
      const [source, target] = [await context.endpoint(content), await context.endpoint(content)];
      const end = content.sizeBytes - 512;
      for (const move of [
        [0, end, 0, 1024],
        [0, 0, end, 1024],
      ] as const) {
        await expectCode(() => transfer(context, [move], { from: [source], to: target }), 'RANGE_INVALID');
      }
    },
  },
  {
    name: 'writes nothing after an aborted transfer has settled',
    clause: 'BlockIoDriver.transfer: write nothing after it settles, aborted or not (invariant 9)',
    requires: transfers,
    async run(context) {
      const source = new DiskContent(1_048_576);
      source.write(0, seededBytes(9, 1_048_576));
      const to = await context.endpoint(new DiskContent(1_048_576));
      const from = [await context.endpoint(source)];
      const moves = Array.from(
        { length: 16 },
        (_, index): Move => [0, index * 65_536, index * 65_536, 65_536],
      );
      const zeros = { pieceBytes: 65_536, action: 'skip' as const };
      const request = { from, to, digest: false, zeros, moves: Float64Array.from(moves.flat()) };
      await abortDuring((call) => context.driver.transfer?.(request, call));
      const settled = await bytesAt(context, to);
      await quiet(60);
      expectBytes(await bytesAt(context, to), settled, 'the destination');
    },
  },
];

function seededDisk(sizeBytes: number): DiskContent {
  const disk = new DiskContent(sizeBytes);
  disk.write(0, seededBytes(12, sizeBytes));
  return disk;
}

/** Fails unless the packed runs are exactly `wanted`, where neighbouring runs count as one. */
function expectRuns(packed: Float64Array, wanted: readonly (readonly [number, number, number])[]): void {
  const runs: [number, number, number][] = [];
  for (let at = 0; at < packed.length; at += 3) {
    const [move = -1, start = -1, length = -1] = packed.subarray(at, at + 3);
    const last = runs.at(-1);
    if (last !== undefined && last[0] === move && last[1] + last[2] === start) last[2] += length;
    else runs.push([move, start, length]);
  }
  assert.deepEqual(runs, wanted);
}
