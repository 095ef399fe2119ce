import { deflateSync } from 'node:zlib';
import type { BlockReader } from '@sendense/core';
import { streamVmdk } from '@sendense/formats/vmdk';
import type { Timer } from '@sendense/plugin-kit';
import { collect, DiskContent, openMemoryReader, seededBytes } from '@sendense/testkit';
import { repeatedGrains } from '../src/stream/repeated-grains.ts';
import { streamDisk } from '../src/stream/stream-disk.ts';

export const GRAIN = 65_536;

/** Time that never makes anybody wait. */
export const NO_WAIT: Timer = { monotonicMs: () => 0, sleep: async () => undefined };

/** A disk with data here and there. */
export function scattered(sizeBytes = 40 * GRAIN): DiskContent {
  const content = new DiskContent(sizeBytes);
  for (const [seed, grain] of [0, 3, 4, 17, 39].entries())
    content.write(grain * GRAIN + 512, seededBytes(seed, 3000));
  return content;
}

/** The disk as a host sends it. */
export async function streamOf(content: DiskContent): Promise<Buffer> {
  return Buffer.concat(await collect(streamVmdk(openMemoryReader(content))));
}

/** A stream whose directory stands in front of its grains, as QEMU writes it: nothing comes behind the last grain. */
export type FrontStream = {
  readonly bytes: Buffer;
  /** Where each grain begins, and the end of the last. */
  readonly places: readonly number[];
};

/** Sectors of a head: header, directory, tables, and nothing up to the first grain. */
const HEAD_SECTORS = 128;

/** The disk as a {@link FrontStream}. */
export function frontStreamOf(content: DiskContent): FrontStream {
  const disk = content.bytes();
  const head = Buffer.alloc(HEAD_SECTORS * 512);
  const tables = Math.ceil(disk.byteLength / GRAIN / 512);
  for (const [at, value] of [
    [0, 0x564d444b],
    [4, 3],
    [8, 0x30001],
    [12, disk.byteLength / 512],
    [20, GRAIN / 512],
    [44, 512],
    [56, 1],
    [64, HEAD_SECTORS],
  ] as const)
    head.writeUInt32LE(value, at);
  head[77] = 1;
  const parts: Buffer[] = [head];
  const places: number[] = [head.byteLength];
  for (let table = 0; table < tables; table += 1) head.writeUInt32LE(2 + 4 * table, 512 + 4 * table);
  for (let grain = 0; grain * GRAIN < disk.byteLength; grain += 1) {
    const data = disk.subarray(grain * GRAIN, (grain + 1) * GRAIN);
    if (data.every((byte) => byte === 0)) continue;
    const at = places.at(-1) ?? 0;
    const packed = packedGrain(grain, data);
    head.writeUInt32LE(at / 512, 1024 + 4 * grain);
    parts.push(packed);
    places.push(at + packed.byteLength);
  }
  return { bytes: Buffer.concat(parts), places };
}

/** A grain with its marker, in whole sectors. */
export function packedGrain(grain: number, data: Uint8Array): Buffer {
  const packed = deflateSync(data);
  const bytes = Buffer.alloc(Math.ceil((12 + packed.byteLength) / 512) * 512);
  bytes.writeUInt32LE((grain * GRAIN) / 512, 0);
  bytes.writeUInt32LE(packed.byteLength, 8);
  packed.copy(bytes, 12);
  return bytes;
}

/** The bytes in chunks as a network gives them: of no size in particular. */
export async function* inChunks(bytes: Uint8Array, chunkBytes = 40_961): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

/** The disk of streams: each opening takes the next of `bodies`, the last of them for ever. */
export function opened(bodies: readonly Uint8Array[], sizeBytes: number) {
  const seen = { opens: 0, grains: 0, ended: 0, closed: 0, retried: [] as string[] };
  const grains = repeatedGrains({
    open: async () => {
      const body = bodies[Math.min(seen.opens, bodies.length - 1)];
      seen.opens += 1;
      return inChunks(body ?? new Uint8Array());
    },
    sizeBytes,
    timer: NO_WAIT,
    onRetry: ({ code }) => seen.retried.push(code),
    onEnd: () => {
      seen.ended += 1;
    },
  });
  async function* counted(all: typeof grains): typeof grains {
    for await (const grain of all) {
      seen.grains += 1;
      yield grain;
    }
  }
  const reader: BlockReader = streamDisk(counted(grains), sizeBytes, async () => {
    seen.closed += 1;
  });
  return { reader, seen };
}

/** All bytes of a disk, read forwards. */
export async function readAll({ sizeBytes, ...reader }: BlockReader, stepBytes = 100_000): Promise<Buffer> {
  const content = Buffer.alloc(sizeBytes, 0xee);
  for (let at = 0; at < sizeBytes; at += stepBytes)
    await reader.read(at, content.subarray(at, Math.min(sizeBytes, at + stepBytes)));
  return content;
}
