import { SendenseError } from '@sendense/core';
import { type FileHandle, type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { checkBitmaps } from './check-bitmaps.ts';
import { type CheckedImage, type CopiedVisitor, checkMapping, type L1Table } from './check-mapping.ts';
import { checkRefcountTable, compareRefcounts, type RefcountTable } from './check-refcounts.ts';
import { CheckLog, type CheckResult } from './check-result.ts';
import { INCOMPATIBLE } from './constants.ts';
import { geometryOf } from './geometry.ts';
import { inImage } from './in-image.ts';
import { type Qcow2Head, readHead } from './read-header.ts';
import { readSnapshots } from './read-snapshots.ts';
import { ReferenceCounter, silentSink } from './reference-counter.ts';

/** How to check an image. */
export type CheckQcow2Options = {
  readonly fileSystem?: FileSystem;
  /** Clusters whose references are counted at once; larger files take several passes. 8 Mi (16 MiB) when not given. */
  readonly windowClusters?: number;
};

/** Two bytes a cluster: 16 MiB of memory, 512 GiB of file with clusters of 64 KiB. */
const WINDOW_CLUSTERS = 8 * 1024 * 1024;

/**
 * Checks the structure of one image file: that refcounts equal references, and that every table entry has a valid form
 * and lies inside the file. Guest data, backing and data files are not read. Rejects with `FORMAT_INVALID` or
 * `FORMAT_UNSUPPORTED` when the header already cannot be read; all other damage is in the result.
 */
export async function checkQcow2(path: string, options: CheckQcow2Options = {}): Promise<CheckResult> {
  const { fileSystem = nodeFileSystem, windowClusters = WINDOW_CLUSTERS } = options;
  await using handle = await fileSystem.open(path, 'read');
  const head = await inImage(path, () => readHead(handle, { allowCorrupt: true }));
  const log = new CheckLog(path);
  if (head.header.incompatible & INCOMPATIBLE.corrupt)
    log.error('corrupt-bit', 'a writer marked the image as corrupt');
  const { clusterBytes } = geometryOf(head.header);
  const fileBytes = await handle.size();
  const clusters = Math.ceil(fileBytes / clusterBytes);
  for (let first = 0; first < clusters; first += windowClusters) {
    const length = Math.min(windowClusters, clusters - first);
    const counter = new ReferenceCounter(clusterBytes, fileBytes, first, length, log);
    await checkWindow({ handle, fileBytes, head, counter, log });
  }
  return log.result();
}

type Window = {
  readonly handle: FileHandle;
  readonly fileBytes: number;
  readonly head: Qcow2Head;
  readonly counter: ReferenceCounter;
  readonly log: CheckLog;
};

async function checkWindow({ handle, fileBytes, head, counter, log }: Window): Promise<void> {
  const { header } = head;
  const geometry = geometryOf(header);
  const dataFile = (header.incompatible & INCOMPATIBLE.dataFile) !== 0;
  const image: CheckedImage = { handle, geometry, version: header.version, dataFile };
  const refcounts: RefcountTable = {
    offset: header.refcountTableOffset,
    entries: (header.refcountTableClusters * geometry.clusterBytes) / 8,
  };
  const active: L1Table = {
    offset: header.l1Offset,
    entries: header.l1Entries,
    name: 'the L1 table',
    active: true,
  };
  counter.add(0, geometry.clusterBytes, () => 'the header');
  await checkRefcountTable(image, refcounts, counter);
  await checkMapping(image, active, counter);
  await checkSnapshots(image, head, counter);
  await checkBitmaps(image, head, counter);
  await compareRefcounts(image, refcounts, counter, log);
  const visit = copiedCheck(counter, geometry.clusterBytes, log);
  await checkMapping(image, active, silentSink(geometry.clusterBytes, fileBytes), visit);
}

async function checkSnapshots(
  image: CheckedImage,
  head: Qcow2Head,
  counter: ReferenceCounter,
): Promise<void> {
  if (head.header.snapshotCount === 0) return;
  try {
    const { tableBytes, l1Tables } = await readSnapshots(image.handle, head.header);
    counter.addAligned(head.header.snapshotsOffset, tableBytes, () => 'the snapshot table');
    for (const [index, table] of l1Tables.entries()) {
      await checkMapping(
        image,
        { ...table, name: `the L1 table of snapshot ${index}`, active: false },
        counter,
      );
    }
  } catch (error) {
    if (!SendenseError.is(error, 'FORMAT_INVALID')) throw error;
    counter.error('snapshots', () => error.message);
  }
}

/** An entry claims the only reference exactly when the refcount is one. Used after the comparison of refcounts. */
function copiedCheck(counter: ReferenceCounter, clusterBytes: number, log: CheckLog): CopiedVisitor {
  return (offset, copied, what) => {
    const refcount = counter.counts[offset / clusterBytes - counter.first];
    if (refcount === undefined || copied === (refcount === 1)) return;
    log.error(
      'copied-flag',
      `the entry of ${what()} ${copied ? 'claims' : 'denies'} the only reference to it`,
    );
  };
}
