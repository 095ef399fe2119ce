import { basename, dirname, join } from 'node:path';
import { openQcow2 } from '@sendense/formats/qcow2';
import { ChainDigests } from '../digests/chain-digests.ts';
import type { MachinePaths } from '../layout/machine-paths.ts';
import type { RecordDisk } from '../records/point-record.ts';
import type { Sidecar } from '../records/sidecar.ts';
import type { LocalStore } from '../store/local-store.ts';
import { readChain } from '../store/sidecars.ts';
import { DiskReader } from './disk-reader.ts';

/** The sidecars of a recorded disk's chain, the file itself first. */
export function chainOf(
  store: LocalStore,
  paths: MachinePaths,
  disk: RecordDisk,
): Promise<readonly Sidecar[]> {
  return readChain(store, paths.disk(disk.number), basename(disk.file));
}

/** Opens a recorded disk; its image may name files of its own folder only. */
export async function openDiskReader(
  store: LocalStore,
  paths: MachinePaths,
  disk: RecordDisk,
  chain: readonly Sidecar[],
): Promise<DiskReader> {
  const { fileSystem, blake3 } = store;
  const path = join(paths.folder, disk.file);
  const folder = await fileSystem.realPath(dirname(path));
  const image = await openQcow2(path, { fileSystem, parents: { folders: [folder] } });
  const openDigests = () => ChainDigests.open(chain, folder, fileSystem, blake3);
  return new DiskReader({ image, sizeBytes: disk.sizeBytes, openDigests, blake3 });
}
