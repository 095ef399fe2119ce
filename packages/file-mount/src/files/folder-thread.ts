import {
  closeSync,
  type Dirent,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statfsSync,
} from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import {
  ENTRY_TYPES,
  type FolderAnswers,
  type FolderList,
  type FolderQuestion,
  type FolderReply,
  type FolderRequest,
  type FolderStatus,
  type FolderThreadData,
  type PlaceBelow,
} from './folder-protocol.ts';
import { OpenFolders } from './open-folders.ts';

/**
 * The thread that reads one mounted folder. The process that it belongs to serves the bytes of the mount, so
 * nothing but this thread may wait for them: it has no part in the threads that Node shares, and waits where it is.
 */
const { root, served } = workerData as FolderThreadData;
const folders = new OpenFolders(root);
/** The file that was read last stays open. */
let opened: { readonly folder: number; readonly name: string; readonly descriptor: number } | undefined;

parentPort?.on('message', ({ id, question }: FolderRequest) => {
  const reply = answerTo(id, question);
  const bytes = 'answer' in reply && reply.answer instanceof Uint8Array ? [reply.answer.buffer] : [];
  parentPort?.postMessage(reply, bytes as ArrayBuffer[]);
});

function answerTo(id: number, question: FolderQuestion): FolderReply {
  try {
    return { id, answer: answer(question) };
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    return { id, errno: isServed() ? code : 'ENOTCONN', message };
  }
}

/**
 * Drivers say of a disk that went away what they say of one that is damaged, and `guestmount` of a virtual machine that did what others say of
 * a file that they cannot read. Its folder is there still, but how full the file system is it is asked anew each time.
 */
function isServed(): boolean {
  try {
    closeSync(openSync(served, 'r'));
    if (served === root) statfsSync(root);
    return true;
  } catch {
    return false;
  }
}

function answer(question: FolderQuestion): FolderAnswers[FolderQuestion['kind']] {
  const { kind, place } = question;
  if (kind === 'list') return list(place);
  if (kind === 'stat') return status(place);
  if (kind === 'read') return read(place, question.offset, question.length);
  return new Uint8Array(readlinkSync(folders.path(place), { encoding: 'buffer' }));
}

function list(place: PlaceBelow): FolderList {
  const entries = readdirSync(folders.path(place), { encoding: 'buffer', withFileTypes: true });
  const nul = Buffer.from([0]);
  const names = Buffer.concat([nul, ...entries.flatMap(({ name }) => [name, nul])]);
  return { names: new Uint8Array(names), types: Uint8Array.from(entries, typeOf) };
}

function typeOf(entry: Dirent<Buffer>): number {
  if (entry.isFile()) return ENTRY_TYPES.indexOf('file');
  if (entry.isDirectory()) return ENTRY_TYPES.indexOf('directory');
  if (entry.isSymbolicLink()) return ENTRY_TYPES.indexOf('symlink');
  if (entry.isBlockDevice()) return ENTRY_TYPES.indexOf('block-device');
  if (entry.isCharacterDevice()) return ENTRY_TYPES.indexOf('char-device');
  if (entry.isFIFO()) return ENTRY_TYPES.indexOf('fifo');
  return entry.isSocket() ? ENTRY_TYPES.indexOf('socket') : 0;
}

function status(place: PlaceBelow): FolderStatus {
  const { dev, ino, mode, nlink, uid, gid, rdev, size, blocks, atimeNs, mtimeNs, ctimeNs } = lstatSync(
    folders.path(place),
    { bigint: true },
  );
  return { dev, ino, mode, nlink, uid, gid, rdev, size, blocks, atimeNs, mtimeNs, ctimeNs };
}

function read(place: PlaceBelow, offset: number, length: number): Uint8Array | null {
  const descriptor = openFile(place);
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const count = readSync(descriptor, bytes, done, length - done, offset + done);
    if (count === 0) throw Object.assign(new Error('it ends before its size'), { code: 'EIO' });
    done += count;
  }
  return isZero(bytes) ? null : bytes;
}

function openFile(place: PlaceBelow): number {
  const { folder } = place;
  const name = Buffer.from(place.name ?? []).toString('latin1');
  if (opened?.folder === folder && opened.name === name) return opened.descriptor;
  const descriptor = folders.open(place);
  if (opened !== undefined) closeSync(opened.descriptor);
  opened = { folder, name, descriptor };
  return descriptor;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0;
}
