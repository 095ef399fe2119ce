import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { type FileHandle, type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { deviceSize } from '../raw/device-size.ts';
import { checkBitmaps } from './check-bitmaps.ts';
import { type CopiedVisitor, checkMapping, type L1Table } from './check-mapping.ts';
import { checkRefcountTable, compareRefcounts, type RefcountTable } from './check-refcounts.ts';
import { CheckLog, type CheckResult } from './check-result.ts';
import { CheckWindows } from './check-windows.ts';
import { addTable, type CheckedImage } from './checked-image.ts';
import { CompressedTail } from './compressed-tail.ts';
import { INCOMPATIBLE } from './constants.ts';
import { geometryOf } from './geometry.ts';
import { inImage } from './in-image.ts';
import { type Qcow2Head, readHead } from './read-header.ts';
import { readSnapshots } from './read-snapshots.ts';
import { ReferenceCounter, silentSink } from './reference-counter.ts';

/** How to check an image. */
export type CheckQcow2Options = Call & {
  readonly fileSystem?: FileSystem;
  /** Clusters whose references are counted at once; larger files take several passes. 8 Mi (16 MiB) when not given. */
  readonly windowClusters?: number;
};

/** Two bytes a cluster: 16 MiB of memory, 512 GiB of file with clusters of 64 KiB. */
const WINDOW_CLUSTERS = 8 * 1024 * 1024;

/**
 * Checks the structure of one image file: that refcounts equal references, that every table entry has a valid form and lies
 * inside the file, and that the file does not end inside a table. Guest data, backing and data files are not read, but for a
 * compressed cluster in whose last sector the file ends. Progress is in bytes of the file whose references are compared. Rejects
 * with `FORMAT_INVALID` or `FORMAT_UNSUPPORTED` when the header already cannot be read; all other damage is in the result.
 */
export async function checkQcow2(path: string, options: CheckQcow2Options = {}): Promise<CheckResult> {
  const { fileSystem = nodeFileSystem, windowClusters = WINDOW_CLUSTERS, signal, onProgress } = options;
  await using handle = await fileSystem.open(path, 'read');
  const head = await inImage(path, () => readHead(handle, { allowCorrupt: true }));
  const { header } = head;
  const log = new CheckLog(path);
  if (header.incompatible & INCOMPATIBLE.corrupt)
    log.error('corrupt-bit', 'a writer marked the image as corrupt');
  const image = checkedImage(handle, head, await deviceSize(handle, path, fileSystem), signal);
  const { fileBytes } = image;
  const { clusterBytes } = image.geometry;
  const windows = new CheckWindows(Math.ceil(fileBytes / clusterBytes), windowClusters);
  const report = (clusters: number) =>
    onProgress?.({ done: Math.min(clusters * clusterBytes, fileBytes), total: fileBytes, unit: 'bytes' });
  for (const window of windows.each()) {
    throwIfAborted(signal, 'check-image');
    const counter = new ReferenceCounter({ clusterBytes, fileBytes, window, windows, log });
    const onPart = (part: number) => report(window.first + Math.floor(window.length * part));
    await checkWindow({ image, head, counter, log, onPart });
  }
  await image.compressedTail.check({ path, handle, header }, log);
  report(Number.POSITIVE_INFINITY);
  return log.result();
}

function checkedImage(
  handle: FileHandle,
  { header }: Qcow2Head,
  sizeOfFile: number,
  signal: AbortSignal | undefined,
): CheckedImage {
  return {
    handle,
    // Nothing beyond can be read.
    fileBytes: Math.min(sizeOfFile, Number.MAX_SAFE_INTEGER),
    sizeBytes: header.sizeBytes,
    geometry: geometryOf(header),
    version: header.version,
    dataFile: (header.incompatible & INCOMPATIBLE.dataFile) !== 0,
    compressedTail: new CompressedTail(),
    ...(signal && { signal }),
  };
}

type Window = {
  readonly image: CheckedImage;
  readonly head: Qcow2Head;
  readonly counter: ReferenceCounter;
  readonly log: CheckLog;
  /** Told which part of the window (0…1) is done. */
  readonly onPart: (part: number) => void;
};

async function checkWindow({ image, head, counter, log, onPart }: Window): Promise<void> {
  const { header } = head;
  const { geometry, fileBytes } = image;
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
  await checkMapping(image, active, { counter, onPart: (part) => onPart(part / 2) });
  await checkSnapshots(image, head, counter);
  await checkBitmaps(image, head, counter);
  await compareRefcounts(image, refcounts, counter, log);
  await checkMapping(image, active, {
    counter: silentSink(geometry.clusterBytes, fileBytes),
    copied: copiedCheck(counter, geometry.clusterBytes, log),
    onPart: (part) => onPart((1 + part) / 2),
  });
}

async function checkSnapshots(
  image: CheckedImage,
  head: Qcow2Head,
  counter: ReferenceCounter,
): Promise<void> {
  if (head.header.snapshotCount === 0) return;
  try {
    const { tableBytes, l1Tables } = await readSnapshots(image.handle, head.header);
    addTable(image, counter, head.header.snapshotsOffset, tableBytes, () => 'the snapshot table');
    for (const [index, table] of l1Tables.entries()) {
      const name = `the L1 table of snapshot ${index}`;
      await checkMapping(image, { ...table, name, active: false }, { counter });
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
