import { setImmediate } from 'node:timers/promises';
import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { type BlockRun, joinRuns } from '../bytes/block-run.ts';
import { readBytes } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import { clusterChain } from '../fat/cluster-chain.ts';
import { type Allocation, allocatedRuns, type ExfatVolume } from './allocation.ts';
import { ENTRY_BYTES, TYPE } from './entry-set.ts';
import { type FolderWindow, type SetItem, SetParser } from './set-parser.ts';

/** Of any folder ("exFAT file system specification", 7.6.7). */
export const MOST_FOLDER_BYTES = 256 * 2 ** 20;
/** Read at once, and kept in memory as metadata. */
const WINDOW_BYTES = 128 * 1024;
/** Windows after which others get their turn. */
const WINDOWS_PER_TURN = 8;

/** A folder whose size no entry tells: the root. */
export type Folder = Omit<Allocation, 'sizeBytes'> & { readonly sizeBytes: number | undefined };

/** What was met in a folder: a set of entries, or the end of what can be followed and why. */
export type FolderItem = SetItem | { readonly kind: 'cut'; readonly why: string };

/** The bytes of a folder from byte `from` on. Rejects with `CORRUPT` where the next ones cannot be found. */
export async function* folderWindows(
  volume: ExfatVolume,
  folder: Folder,
  from: number,
  call?: Call,
): AsyncGenerator<FolderWindow, void, undefined> {
  const { clusterBytes, heapAt } = volume.layout;
  let windows = 0;
  for await (const { fileBlock, blocks, volumeBlock } of folderRuns(volume, folder, call)) {
    const [begin, end] = [fileBlock * clusterBytes, (fileBlock + blocks) * clusterBytes];
    for (let start = Math.max(from, begin); start < end; start += WINDOW_BYTES) {
      throwIfAborted(call?.signal, 'list-folder');
      if (++windows % WINDOWS_PER_TURN === 0) await setImmediate();
      const at = heapAt + volumeBlock * clusterBytes + start - begin;
      yield {
        start,
        at,
        bytes: await readBytes(volume.source, at, Math.min(WINDOW_BYTES, end - start), call),
      };
    }
  }
}

/** The clusters of a folder; one that is longer than any may be rejects with `CORRUPT` behind its last byte. */
export async function* folderRuns(
  volume: ExfatVolume,
  { sizeBytes, ...folder }: Folder,
  call?: Call,
): AsyncGenerator<BlockRun, void, undefined> {
  const most = Math.min(MOST_FOLDER_BYTES, volume.heap.sizeBytes);
  if (sizeBytes === undefined) yield* joinRuns(chainUpTo(volume, folder.first, most, call));
  else yield* allocatedRuns(volume, { ...folder, sizeBytes: Math.min(sizeBytes, most) }, call);
  if (sizeBytes !== undefined && sizeBytes > most) throw tooLong();
}

/** All clusters of a chain, which is as long as it is. */
async function* chainUpTo(
  { source, layout }: ExfatVolume,
  first: number,
  mostBytes: number,
  call: Call | undefined,
): AsyncGenerator<BlockRun, void, undefined> {
  const most = Math.ceil(mostBytes / layout.clusterBytes);
  for await (const run of clusterChain(source, layout, first, most + 1, call)) {
    if (run.fileBlock >= most) throw tooLong();
    yield run;
  }
}

function tooLong(): SendenseError {
  return damaged('a folder is longer than its file system allows');
}

/**
 * The files and folders of a folder from byte `from` on. The folder is gone through to its last byte: behind the mark of its end nothing
 * may be in use, and what is was a part of it, which is given as damaged, once. Rejects with `CORRUPT` where nothing can be read.
 */
export async function* folderItems(
  volume: ExfatVolume,
  folder: Folder,
  from: number,
  call?: Call,
): AsyncGenerator<FolderItem, void, undefined> {
  const parser = new SetParser();
  let isFirst = true;
  try {
    for await (const window of folderWindows(volume, folder, from, call)) {
      isFirst = false;
      const { bytes } = window;
      let offset = 0;
      for (; offset < bytes.byteLength && !parser.isAtEnd; offset += ENTRY_BYTES)
        yield* parser.take(window, offset);
      if (!isAnyInUse(bytes.subarray(offset))) continue;
      yield { kind: 'damaged' };
      return;
    }
  } catch (error) {
    if (isFirst || !SendenseError.is(error, 'CORRUPT')) throw error;
    yield { kind: 'cut', why: error.message };
  }
  yield* parser.finish();
}

/** Whether any of the entries is in use. */
function isAnyInUse(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.byteLength; at += ENTRY_BYTES)
    if (((bytes[at] ?? 0) & TYPE.inUse) !== 0) return true;
  return false;
}
