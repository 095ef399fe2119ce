import type { BlockReader, ByteRange, Changes, DiskView, Extent } from '@sendense/core';
import { ChainDigests } from '../digests/chain-digests.ts';
import { differingRanges } from '../digests/differing-ranges.ts';
import { CLUSTER_BYTES } from '../digests/digest-page.ts';
import { writtenRanges } from '../digests/written-ranges.ts';
import type { MachinePaths } from '../layout/machine-paths.ts';
import type { PointRecord } from '../records/point-record.ts';
import { type DiskFileSidecar, isAlias, type Sidecar } from '../records/sidecar.ts';
import type { LocalStore } from '../store/local-store.ts';
import { chainOf } from './open-disk-reader.ts';

/** What a disk differs by from the same disk at `since`; a full with its reason where that point does not hold it. */
export async function changesSince(
  store: LocalStore,
  paths: MachinePaths,
  view: Pick<DiskView, 'id' | 'sizeBytes' | 'reader'>,
  chain: readonly Sidecar[],
  since: PointRecord,
): Promise<Changes> {
  const earlier = since.disks.find(({ id }) => id === view.id);
  if (earlier === undefined) {
    return { kind: 'full', reason: 'disk-replaced', detail: `point ${since.id} does not hold this disk` };
  }
  if (earlier.sizeBytes > view.sizeBytes) {
    return { kind: 'full', reason: 'disk-resized', detail: `the disk was larger at point ${since.id}` };
  }
  const earlierChain = await chainOf(store, paths, earlier);
  const folder = paths.disk(earlier.number);
  return {
    kind: 'incremental',
    since: since.instant,
    extents: (call) => extentsOf(view.reader, rangesApart(store, folder, chain, earlierChain), call),
  };
}

/**
 * Where the disk of `chain` may differ from that of `earlier`, which is not larger: what the files above their first common
 * one wrote, or where their digests differ when they have none; and all that is beyond the earlier size (invariant 6).
 */
export async function* rangesApart(
  store: LocalStore,
  folder: string,
  chain: readonly Sidecar[],
  earlier: readonly Sidecar[],
): AsyncGenerator<ByteRange> {
  const oldBytes = sizeOf(earlier);
  const newBytes = sizeOf(chain);
  const files = filesApart(chain, earlier);
  if (files !== undefined) {
    yield* withTail(writtenRanges(store, folder, files), oldBytes, newBytes);
    return;
  }
  const { fileSystem, blake3 } = store;
  await using left = await ChainDigests.open(chain, folder, fileSystem, blake3);
  await using right = await ChainDigests.open(earlier, folder, fileSystem, blake3);
  yield* withTail(differingRanges(left, right, oldBytes), oldBytes, newBytes);
}

/** The files of two chains above the first that both have, or `undefined` when they have none in common. */
function filesApart(
  left: readonly Sidecar[],
  right: readonly Sidecar[],
): readonly DiskFileSidecar[] | undefined {
  const names = new Set(right.map(({ file }) => file));
  const common = left.find(({ file }) => names.has(file))?.file;
  if (common === undefined) return undefined;
  return [...above(left, common), ...above(right, common)].filter((sidecar) => !isAlias(sidecar));
}

function above(chain: readonly Sidecar[], file: string): readonly Sidecar[] {
  return chain.slice(
    0,
    chain.findIndex((sidecar) => sidecar.file === file),
  );
}

function sizeOf(chain: readonly Sidecar[]): number {
  return chain.find((sidecar): sidecar is DiskFileSidecar => !isAlias(sidecar))?.sizeBytes ?? 0;
}

async function* withTail(
  ranges: AsyncIterable<ByteRange>,
  oldBytes: number,
  newBytes: number,
): AsyncGenerator<ByteRange> {
  const from = newBytes > oldBytes ? Math.floor(oldBytes / CLUSTER_BYTES) * CLUSTER_BYTES : newBytes;
  for await (const { offset, length } of ranges) {
    const end = Math.min(offset + length, from);
    if (offset < end) yield { offset, length: end - offset };
  }
  if (from < newBytes) yield { offset: from, length: newBytes - from };
}

/** Ranges with what the reader knows of them. */
export async function* extentsOf(
  reader: BlockReader,
  ranges: AsyncIterable<ByteRange>,
  call?: Parameters<BlockReader['extents']>[1],
): AsyncGenerator<Extent> {
  for await (const range of ranges) yield* reader.extents(range, call);
}
