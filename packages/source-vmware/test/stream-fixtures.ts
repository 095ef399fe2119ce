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

/** The bytes in chunks as a network gives them: of no size in particular. */
export async function* inChunks(bytes: Uint8Array, chunkBytes = 40_961): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

/** The disk of streams: each opening takes the next of `bodies`, the last of them for ever. */
export function opened(bodies: readonly Uint8Array[], sizeBytes: number) {
  const seen = { opens: 0, ended: 0, closed: 0, retried: [] as string[] };
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
  const reader: BlockReader = streamDisk(grains, sizeBytes, async () => {
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
