import { type BlockWriter, SendenseError } from '@sendense/core';
import { openDiskImage } from '@sendense/formats';
import { createVhd } from '@sendense/formats/vhd';
import { createVhdx } from '@sendense/formats/vhdx';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { testScale } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { type FileOperation, MemoryFileSystem } from './memory-file-system.ts';
import { type PowerCut, powerCuts } from './power-cuts.ts';
import { seededRandom } from './seeded-random.ts';

const PATH = '/disk';
const KIB = 1024;
const MIB = 1024 * KIB;
const SECTOR = 512;
const SIZE = 3 * MIB;
const SEED = 20261121;

/** Written in this order; a flush follows each group. The last ones write on in blocks that are durable already. */
const GROUPS: readonly (readonly (readonly [offset: number, length: number])[])[] = [
  [
    [0, 96 * KIB],
    [2 * MIB + 64 * KIB, 32 * KIB],
  ],
  [
    [32 * KIB, 8 * KIB],
    [MIB - 16 * KIB, 32 * KIB],
  ],
  [
    [2 * MIB + 512 * KIB, 16 * KIB],
    [2 * MIB, 16 * KIB],
    [MIB + 512 * KIB, 4 * KIB],
  ],
];

type Kind = {
  readonly name: string;
  readonly format: 'vhd' | 'vhdx';
  readonly create: (fileSystem: FileSystem) => Promise<BlockWriter>;
};

const KINDS: readonly Kind[] = [
  {
    name: 'dynamic VHD',
    format: 'vhd',
    create: (fileSystem) => createVhd(PATH, { fileSystem, sizeBytes: SIZE, blockBytes: 512 * KIB }),
  },
  {
    name: 'fixed VHD',
    format: 'vhd',
    create: (fileSystem) => createVhd(PATH, { fileSystem, sizeBytes: SIZE, subformat: 'fixed' }),
  },
  {
    name: 'dynamic VHDX',
    format: 'vhdx',
    create: (fileSystem) => createVhdx(PATH, { fileSystem, sizeBytes: SIZE, blockBytes: MIB }),
  },
  {
    name: 'fixed VHDX',
    format: 'vhdx',
    create: (fileSystem) =>
      createVhdx(PATH, { fileSystem, sizeBytes: SIZE, blockBytes: MIB, subformat: 'fixed' }),
  },
];

/** What was done to the file, and after which operation each flush had resolved. */
type Recording = { readonly operations: readonly FileOperation[]; readonly flushed: readonly number[] };

async function record({ create }: Kind): Promise<Recording> {
  const fileSystem = new MemoryFileSystem();
  const writer = await create(fileSystem);
  const flushed: number[] = [];
  let value = 0;
  for (const group of GROUPS) {
    for (const [offset, length] of group) {
      value += 1;
      await writer.write(offset, new Uint8Array(length).fill(value));
    }
    await writer.flush();
    flushed.push(fileSystem.operations.length);
  }
  return { operations: fileSystem.operations, flushed };
}

/** Values that each sector may have when the first `durable` groups were promised. */
function allowedSectors(durable: number): readonly ReadonlySet<number>[] {
  const allowed = Array.from({ length: SIZE / SECTOR }, () => new Set([0]));
  let value = 0;
  for (const [index, group] of GROUPS.entries())
    for (const [offset, length] of group) {
      value += 1;
      for (let at = offset / SECTOR; at < (offset + length) / SECTOR; at += 1) {
        if (index < durable) allowed[at]?.clear();
        allowed[at]?.add(value);
      }
    }
  return allowed;
}

const ALLOWED = Array.from({ length: GROUPS.length + 1 }, (_, durable) => allowedSectors(durable));
const FILLED = Array.from({ length: 10 }, (_, value) => new Uint8Array(SECTOR).fill(value));

/** What is wrong with an image after a power failure; `undefined` when all that was promised is there. */
async function faultOf({ format }: Kind, recording: Recording, cut: PowerCut): Promise<string | undefined> {
  const fileSystem = new MemoryFileSystem();
  fileSystem.files.set(PATH, cut.bytes);
  const promised = recording.flushed.filter((operations) => operations <= cut.begunOperations).length;
  try {
    await using image = await openDiskImage(PATH, { fileSystem, format });
    // Nothing is promised before the first flush, but what opens holds what was written.
    const allowed = ALLOWED[Math.max(1, promised)] ?? [];
    const bytes = new Uint8Array(SIZE);
    await image.read(0, bytes);
    const wrong = allowed.findIndex((values, index) => {
      const sector = bytes.subarray(index * SECTOR, (index + 1) * SECTOR);
      return ![...values].some((value) => Buffer.compare(sector, FILLED[value] ?? sector) === 0);
    });
    return wrong === -1 ? undefined : `sector ${wrong} is not what was promised`;
  } catch (error) {
    if (!SendenseError.is(error)) throw error;
    const isRefused = error.code === 'FORMAT_INVALID' || error.code === 'CORRUPT';
    return promised === 0 && isRefused ? undefined : error.message;
  }
}

describe.each(KINDS)('a $name that is written on', (kind) => {
  it('holds what each flush made durable, whatever of the later writes a power failure takes', async () => {
    const recording = await record(kind);
    let cuts = 0;
    for (const cut of powerCuts(recording.operations, seededRandom(SEED), 8 * testScale())) {
      cuts += 1;
      expect(await faultOf(kind, recording, cut), `cut ${cuts}, seed ${SEED}`).toBeUndefined();
    }
    console.info(`cuts: ${cuts}`);
    expect(cuts).toBeGreaterThanOrEqual(60);
  });

  it('would lose something if any one of its syncs were left out', async () => {
    const recording = await record(kind);
    const syncs = recording.operations.flatMap(({ kind: done }, index) => (done === 'sync' ? [index] : []));
    for (const left of syncs) {
      const operations = recording.operations.map((operation, index) =>
        // its place stays, so that the flushes are where they were
        index === left ? ({ kind: 'write', position: 0, data: new Uint8Array() } as const) : operation,
      );
      let isFaulty = false;
      for (const cut of powerCuts(operations, seededRandom(SEED), 8)) {
        isFaulty = (await faultOf(kind, recording, cut)) !== undefined;
        if (isFaulty) break;
      }
      expect(isFaulty, `sync ${left} of ${recording.operations.length} operations`).toBe(true);
    }
  });
});
