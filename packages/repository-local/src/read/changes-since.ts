import { basename } from 'node:path';
import type { BlockReader, ByteRange, Changes, DiskView, Extent } from '@sendense/core';
import { CLUSTER_BYTES } from '../digests/digest-page.ts';
import { writtenRanges } from '../digests/written-ranges.ts';
import type { MachinePaths } from '../layout/machine-paths.ts';
import type { PointRecord } from '../records/point-record.ts';
import { type DiskFileSidecar, isAlias, type Sidecar } from '../records/sidecar.ts';
import type { LocalStore } from '../store/local-store.ts';
import { readChain } from '../store/sidecars.ts';

/**
 * What a disk differs by from the same disk at `since`: what the files of both chains above their first common one
 * wrote. Two chains that have no file in common give a full with its reason.
 */
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
  const folder = paths.disk(earlier.number);
  const files = filesApart(chain, await readChain(store, folder, basename(earlier.file)));
  if (files === undefined) {
    return {
      kind: 'full',
      reason: 'parent-missing',
      detail: `point ${since.id} shares no file with this point`,
    };
  }
  const ranges = () => withTail(writtenRanges(store, folder, files), earlier.sizeBytes, view.sizeBytes);
  return {
    kind: 'incremental',
    since: since.instant,
    extents: (call) => extentsOf(view.reader, ranges(), call),
  };
}

/** The files of two chains above the first that both have, or `undefined` when they have none in common. */
export function filesApart(
  left: readonly Sidecar[],
  right: readonly Sidecar[],
): readonly DiskFileSidecar[] | undefined {
  const names = new Set(right.map(({ file }) => file));
  const common = left.find(({ file }) => names.has(file))?.file;
  if (common === undefined) return undefined;
  return [...upTo(left, common), ...upTo(right, common)].filter((sidecar) => !isAlias(sidecar));
}

function upTo(chain: readonly Sidecar[], file: string): readonly Sidecar[] {
  return chain.slice(
    0,
    chain.findIndex((sidecar) => sidecar.file === file),
  );
}

/** `ranges`, and everything beyond the size that the disk had: nothing there is unchanged (invariant 6). */
export async function* withTail(
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
