import { dirname } from 'node:path';
import { type BlockReader, type Call, SendenseError } from '@sendense/core';
import { openVmdk } from '@sendense/formats/vmdk';
import {
  type DatastoreFiles,
  hasFiles,
  parseDatastorePath,
  readDatastore,
  type VimClient,
  type VimDatastore,
  type VimDisk,
} from '@sendense/platform-vmware';
import { datastoreFileSystem } from './datastore-file-system.ts';
import { flatDisk } from './flat-disk.ts';

/**
 * Opens a disk of a snapshot for reading. A base is its `-flat.vmdk`; what stands on other disks is read through the chain of them.
 * Rejects with `UNSUPPORTED` on vSAN and vVol, `NOT_FOUND`, `CORRUPT` when a file is shorter than the disk.
 */
export async function openFrozenDisk(
  vim: VimClient,
  files: DatastoreFiles,
  disk: VimDisk,
  call?: Call,
): Promise<BlockReader> {
  const { path } = parseDatastorePath(disk.fileName ?? '');
  const datastore = await datastoreOf(vim, disk, call);
  const place = { datastore: datastore.name, datacenter: datastore.datacenter };
  if (disk.parents.length > 0) return openChain(files, place, path, disk);
  const file = { ...place, path: path.replace(/\.vmdk$/i, '-flat.vmdk') };
  const fileBytes = await files.size(file, call);
  if (fileBytes < disk.sizeBytes) throw tooShort(disk, fileBytes);
  return flatDisk(files, file, disk.sizeBytes);
}

async function openChain(
  files: DatastoreFiles,
  place: Parameters<typeof datastoreFileSystem>[1],
  path: string,
  disk: VimDisk,
): Promise<BlockReader> {
  // a descriptor is foreign text: it leads only to the folders where the server says that the chain lies
  const chain = [disk.fileName ?? '', ...disk.parents].map((name) => parseDatastorePath(name));
  if (chain.some(({ datastore }) => datastore !== chain[0]?.datastore)) throw scattered(disk);
  const folders = [...new Set(chain.map((link) => dirname(`/${link.path}`)))];
  const reader = await openVmdk(`/${path}`, {
    fileSystem: datastoreFileSystem(files, place),
    parents: { folders },
  });
  if (reader.sizeBytes === disk.sizeBytes) return reader;
  await reader[Symbol.asyncDispose]();
  throw tooShort(disk, reader.sizeBytes);
}

async function datastoreOf(
  vim: VimClient,
  { datastore, label }: VimDisk,
  call?: Call,
): Promise<VimDatastore> {
  if (datastore === undefined) {
    throw new SendenseError(
      'PROTOCOL_VIOLATION',
      `the server does not say on which datastore "${label}" lies`,
      {
        operation: 'open-disk',
        remedy: 'check that the user may see the datastore',
      },
    );
  }
  const found = await readDatastore(vim, datastore, call);
  if (hasFiles(found)) return found;
  throw new SendenseError(
    'UNSUPPORTED',
    `"${label}" lies on ${found.name}, a datastore of type ${found.type}, which has no files to read`,
    {
      operation: 'open-disk',
      context: { datastore: found.name, type: found.type },
      remedy: 'move the disk to VMFS or NFS, or exclude it from the backup',
    },
  );
}

function tooShort({ label, sizeBytes }: VimDisk, fileBytes: number): SendenseError {
  return new SendenseError('CORRUPT', `"${label}" has ${sizeBytes} bytes, and its files hold ${fileBytes}`, {
    operation: 'open-disk',
    context: { sizeBytes, fileBytes },
    remedy: 'check the disk with "vmkfstools -x check" on its host',
  });
}

function scattered({ label }: VimDisk): SendenseError {
  return new SendenseError('UNSUPPORTED', `the snapshots of "${label}" lie on several datastores`, {
    operation: 'open-disk',
    remedy: 'remove the snapshots, or move the machine to one datastore',
  });
}
