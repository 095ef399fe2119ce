import { join } from 'node:path';
import type { BackupKind, ChangeState, DiskId, InstantId, PointId } from '@sendense/core';
import { CLUSTER_BYTES } from '../digests/digest-page.ts';
import { nextStem } from '../layout/data-file-name.ts';
import type { MachinePaths } from '../layout/machine-paths.ts';
import { formatStamp } from '../layout/stamp.ts';
import { serializeRecord } from '../records/sealed-json.ts';
import { type DiskFileSidecar, diskFileSidecar } from '../records/sidecar.ts';
import { readImageHead } from '../store/image-head.ts';
import type { LocalStore } from '../store/local-store.ts';
import { storedBytesOf } from '../store/recovery-point.ts';
import type { PartialDisk } from './open-disk-writer.ts';
import { takenStems } from './taken-stems.ts';

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
  const stamp = formatStamp(disk.at);
  const stem = nextStem(disk.kind, stamp, await takenStems(store, folder, stamp));
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

async function describe(
  store: LocalStore,
  paths: MachinePaths,
  disk: DiskToPlace,
  stem: string,
): Promise<DiskFileSidecar> {
  const { writer, imagePath, digestsId, backing } = disk.partial;
  const head = await readImageHead(store, imagePath);
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
    ...head,
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
