import type { Qcow2Image } from '@sendense/formats/qcow2';
import { CLUSTER_BYTES, type DigestEntry } from '../digests/digest-page.ts';

/** A run of clusters that a file decides by itself. */
type OwnRun = { readonly cluster: number; readonly count: number; readonly kind: 'data' | 'zero' };

/**
 * Compares what an image file says it holds with its digest file. Resolves with the byte where they first differ, or
 * `undefined`. Zeros count only below `parentBytes`: beyond, a missing cluster reads as zeros too.
 */
export async function findMappingDifference(
  image: Pick<Qcow2Image, 'ownExtents'>,
  sizeBytes: number,
  parentBytes: number,
  entries: AsyncIterable<DigestEntry>,
): Promise<number | undefined> {
  const clusters = Math.ceil(sizeBytes / CLUSTER_BYTES);
  const zeroClusters = Math.floor(parentBytes / CLUSTER_BYTES);
  const mapped = joined(clipped(ownRuns(image, sizeBytes), clusters, zeroClusters));
  const listed = joined(clipped(entries, clusters, zeroClusters));
  for (;;) {
    const left = await nextOf(mapped);
    const right = await nextOf(listed);
    if (left === undefined && right === undefined) return undefined;
    const same =
      left?.cluster === right?.cluster && left?.count === right?.count && left?.kind === right?.kind;
    if (!same) {
      await Promise.all([mapped.return(undefined), listed.return(undefined)]);
      return Math.min(left?.cluster ?? clusters, right?.cluster ?? clusters) * CLUSTER_BYTES;
    }
  }
}

async function* ownRuns(image: Pick<Qcow2Image, 'ownExtents'>, sizeBytes: number): AsyncGenerator<OwnRun> {
  for await (const { offset, length, kind } of image.ownExtents({ offset: 0, length: sizeBytes })) {
    const cluster = offset / CLUSTER_BYTES;
    yield { cluster, count: Math.ceil((offset + length) / CLUSTER_BYTES) - cluster, kind };
  }
}

async function* clipped(
  runs: AsyncIterable<OwnRun>,
  clusters: number,
  zeroClusters: number,
): AsyncGenerator<OwnRun> {
  for await (const { cluster, count, kind } of runs) {
    const end = Math.min(cluster + count, kind === 'zero' ? zeroClusters : clusters);
    if (cluster < end) yield { cluster, count: end - cluster, kind };
  }
}

async function* joined(runs: AsyncIterable<OwnRun>): AsyncGenerator<OwnRun> {
  let last: OwnRun | undefined;
  for await (const run of runs) {
    if (last !== undefined && last.kind === run.kind && last.cluster + last.count === run.cluster) {
      last = { ...last, count: last.count + run.count };
      continue;
    }
    if (last !== undefined) yield last;
    last = run;
  }
  if (last !== undefined) yield last;
}

async function nextOf(runs: AsyncGenerator<OwnRun>): Promise<OwnRun | undefined> {
  const next = await runs.next();
  return next.done === true ? undefined : next.value;
}
