import { join } from 'node:path';
import type { BackupKind, ChangeState, DiskId, InstantId, PointId } from '@sendense/core';
import { CLUSTER_BYTES } from '../digests/digest-page.ts';
import { dataFileStems } from '../layout/data-file-name.ts';
import type { MachinePaths } from '../layout/machine-paths.ts';
import { formatStamp } from '../layout/stamp.ts';
import { serializeRecord } from '../records/sealed-json.ts';
import { type DiskFileSidecar, diskFileSidecar } from '../records/sidecar.ts';
import type { LocalStore } from '../store/local-store.ts';
import { storedBytesOf } from '../store/recovery-point.ts';
import type { PartialDisk } from './open-disk-writer.ts';

/** A written disk on its way to its final names. */
export type DiskToPlace = {
  readonly point: PointId;
  readonly instant: InstantId;
  readonly at: Date;
  readonly number: number;
  readonly id: DiskId;
  readonly kind: BackupKind;
  readonly partial: PartialDisk;
  readonly state: ChangeState | undefined;
  /** Names of the data files that this one takes the place of. */
  readonly replaces: readonly string[];
};

/** A disk with its final names. */
export type PlacedDisk = {
  /** Relative to the machine's folder. */
  readonly file: string;
  readonly storedBytes: number;
  readonly writtenBytes: number;
};

/**
 * Gives a flushed disk its final names, under the machine's lock. `placed` learns each path before it exists. Durable after
 * the disk's folder is synced.
 */
export async function placeDisk(
  store: LocalStore,
  paths: MachinePaths,
  disk: DiskToPlace,
  placed: string[],
): Promise<PlacedDisk> {
  const { session, fileSystem, blake3 } = store;
  const { partial, number } = disk;
  const folder = paths.disk(number);
  await partial.writer[Symbol.asyncDispose]();
  const stem = await freeStem(store, folder, disk.kind, formatStamp(disk.at));
  const sidecar = await describe(store, paths, disk, stem);
  const staged = await session.stage(serializeRecord(diskFileSidecar, sidecar, blake3), 'sidecar');
  const names = [
    [partial.imagePath, join(folder, `${stem}.qcow2`)],
    [partial.digestsPath, join(folder, `${stem}.digests`)],
    [staged, join(folder, `${stem}.json`)],
  ] as const;
  let storedBytes = 0;
  for (const [from, to] of names) {
    placed.push(to);
    await session.publish(from, to);
    const status = await fileSystem.stat(to);
    storedBytes += status === undefined ? 0 : storedBytesOf(status);
  }
  const { dataBytes, zeroBytes } = partial.writer;
  return { file: `disk-${number}/${stem}.qcow2`, storedBytes, writtenBytes: dataBytes + zeroBytes };
}

/** A stem that no file of the folder has. */
async function freeStem(store: LocalStore, folder: string, kind: BackupKind, stamp: string): Promise<string> {
  const taken = new Set((await store.listFresh(folder)).map((name) => name.slice(0, name.lastIndexOf('.'))));
  for (const stem of dataFileStems(kind, stamp)) if (!taken.has(stem)) return stem;
  throw new RangeError('unreachable: there are more numbers than files');
}

async function describe(
  store: LocalStore,
  paths: MachinePaths,
  disk: DiskToPlace,
  stem: string,
): Promise<DiskFileSidecar> {
  const { writer, imagePath, digestsId, backing } = disk.partial;
  await using image = await store.fileSystem.open(imagePath, 'read');
  const header = new Uint8Array(CLUSTER_BYTES);
  const count = await image.read(header, 0);
  return {
    format: 'sendense-disk-file',
    machine: paths.machine,
    disk: { number: disk.number, id: disk.id },
    point: disk.point,
    instant: disk.instant,
    at: disk.at.toISOString(),
    kind: disk.kind,
    file: `${stem}.qcow2`,
    sizeBytes: writer.sizeBytes,
    clusterBytes: CLUSTER_BYTES,
    backing,
    imageBytes: await image.size(),
    headerBlake3: Buffer.from(store.blake3(header.subarray(0, count))).toString('hex'),
    dataBytes: writer.dataBytes,
    zeroBytes: writer.zeroBytes,
    digests: {
      file: `${stem}.digests`,
      id: digestsId,
      entries: writer.digests.entries,
      pages: writer.digests.pages,
    },
    state: disk.state === undefined ? null : { schema: disk.state.schema, instant: disk.state.instant },
    replaces: [...disk.replaces],
  };
}
