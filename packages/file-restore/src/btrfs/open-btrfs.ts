import { type Call, type Finding, SendenseError } from '@sendense/core';
import type { ByteSource, NamedSource } from '../bytes/byte-source.ts';
import type { FileSystemReader } from '../file-system-reader.ts';
import { BtrfsReader, toldFallbacks } from './btrfs-reader.ts';
import { loadNameHash } from './checksum.ts';
import { type Chunk, parseChunk, parseSystemChunks } from './chunk.ts';
import { DataChecksums } from './data-checksums.ts';
import { findDevices } from './devices.ts';
import { ITEM, rangeOf, TREE } from './key.ts';
import { LogicalSpace } from './logical-space.ts';
import { NodeIds } from './node-ids.ts';
import { NodeStore } from './node-store.ts';
import { Subvolumes } from './subvolumes.ts';
import { type BtrfsSuperblock, readSuperblock } from './superblock.ts';
import { Tree } from './tree.ts';

/**
 * Opens a btrfs file system that lies on `source`, and on others of `volumes` where it has several devices. Its log is never replayed:
 * where there is one, files are shown as they were committed, and that is told. Rejects with `CORRUPT` or `FORMAT_UNSUPPORTED`.
 */
export async function openBtrfs(
  source: ByteSource,
  call?: Call,
  volumes: readonly NamedSource[] = [],
): Promise<FileSystemReader> {
  const { devices, superblock, faults } = await findDevices(
    source,
    await readSuperblock(source, call),
    volumes,
    call,
  );
  const space = new LogicalSpace(devices, parseSystemChunks(superblock.systemChunks));
  const store = new NodeStore(space, superblock);
  space.add(await readChunks(new Tree(store, superblock.chunkTree, TREE.chunk), call));
  const subvolumes = new Subvolumes(store, superblock.rootTree);
  const top = await subvolumes.open(TREE.top, call);
  const hashName = await loadNameHash();
  const checksums = await openChecksums(subvolumes, superblock, call);
  const ids = new NodeIds(await subvolumes.newest(call));
  const told = await subvolumes.findDefault(superblock.rootFolder, hashName, call);
  const findings = [
    ...faults.map(deviceFault),
    ...(superblock.hasLog ? [LOG_UNREAD] : []),
    ...(checksums === undefined ? [CHECKSUMS_UNREAD] : []),
    ...(space.unreadBytes === 0 ? [] : [dataUnread(space.unreadBytes)]),
    ...(told === TREE.top ? [] : [defaultSubvolume(told, await subvolumes.nameOf(told, call))]),
    ...toldFallbacks(space.fallbacks),
  ];
  const { label, uuid, sectorBytes } = superblock;
  const place = { space, checksums, sectorBytes };
  return new BtrfsReader({ label, uuid, findings, subvolumes, ids, place, hashName }, top.folder);
}

async function readChunks(tree: Tree, call: Call | undefined): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const items of tree.itemsIn(rangeOf(TREE.firstSubvolume, ITEM.chunk), call))
    for (const { key, data } of items) chunks.push(parseChunk(key, data));
  return chunks;
}

/** `undefined` where the root of their tree is damaged: data are read all the same. */
async function openChecksums(
  subvolumes: Subvolumes,
  { checksum, sectorBytes }: BtrfsSuperblock,
  call: Call | undefined,
): Promise<DataChecksums | undefined> {
  try {
    const { tree } = await subvolumes.open(TREE.checksums, call);
    await tree.checkRoot(call);
    return new DataChecksums(tree, checksum, sectorBytes);
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    return undefined;
  }
}

function deviceFault(fault: string): Finding {
  return { severity: 'warning', code: 'file-system-errors', message: `the btrfs file system: ${fault}` };
}

function dataUnread(bytes: number): Finding {
  const message = `parts of the btrfs file system, ${bytes} bytes, are spread by RAID5 or RAID6, which is not read: files that have data there cannot be taken out`;
  return { severity: 'warning', code: 'data-unread', message };
}

function defaultSubvolume(id: number, name: string | undefined): Finding {
  const called = name === undefined ? '' : ` (${JSON.stringify(name)})`;
  const message = `the btrfs file system is shown from its top level on; a mount shows subvolume ${id}${called} unless it is told another`;
  return { severity: 'info', code: 'default-subvolume', message };
}

const LOG_UNREAD: Finding = {
  severity: 'warning',
  code: 'journal-unread',
  message:
    'the btrfs file system was in use (it has a log of what was synced last, which is not replayed): files that changed last may be older, or missing',
};

const CHECKSUMS_UNREAD: Finding = {
  severity: 'warning',
  code: 'file-system-errors',
  message: 'the tree of the checksums of the btrfs file system is damaged: data of files are not checked',
};
