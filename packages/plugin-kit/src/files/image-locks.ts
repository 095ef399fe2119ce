import { readFile } from 'node:fs/promises';
import { SendenseError } from '@sendense/core';
import type { FileStatus, FileSystem } from './file-system.ts';

/** How other programs hold an image. */
export type ImageUse = {
  /** Somebody may write to it. */
  readonly written: boolean;
  /** Somebody reads it and relies on nobody writing. */
  readonly writesForbidden: boolean;
};

/** Who holds the file of this status; `undefined` where it cannot be told. */
export type ImageLocks = (file: FileStatus) => Promise<ImageUse | undefined>;

/**
 * Bytes that QEMU locks (block/file-posix.c, RAW_LOCK_PERM_BASE and RAW_LOCK_SHARED_BASE, plus 1 for the right to
 * write): 101 = "I may write", 201 = "nobody else may write".
 */
const WRITES = 101;
const FORBIDS_WRITES = 201;

/** `7: OFDLCK ADVISORY  READ -1 fe:00:9986145 100 101`: kind, mode, type, process, device and inode, first, last byte. */
const LINE = /^\d+: (?:OFDLCK|POSIX)\s+\S+\s+\S+\s+-?\d+ ([0-9a-f]+):([0-9a-f]+):(\d+) (\d+) (\d+|EOF)$/;

const hex = (value: bigint) => value.toString(16).padStart(2, '0');

/** Device and inode of a `FileStatus` as `/proc/locks` writes them, or `undefined` for an identity of another form. */
function lockName(identity: string): string | undefined {
  const match = /^(\d+):(\d+)$/.exec(identity);
  if (match === null) return undefined;
  const device = BigInt(match[1] ?? '');
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return `${hex(major)}:${hex(minor)}:${match[2]}`;
}

/** What the text of `/proc/locks` says of the file with `identity` (device and inode). */
export function parseLocks(text: string, identity: string): ImageUse {
  const name = lockName(identity);
  const covers = (byte: number) =>
    text.split('\n').some((line) => {
      const [, major, minor, inode, first, last] = LINE.exec(line.trim()) ?? [];
      if (`${major}:${minor}:${inode}` !== name) return false;
      return Number(first) <= byte && (last === 'EOF' || byte <= Number(last));
    });
  return { written: covers(WRITES), writesForbidden: covers(FORBIDS_WRITES) };
}

/**
 * QEMU's image locks as Linux lists them for all processes of the machine. Not seen: holders on other machines of a
 * network mount, programs that lock nothing, and files of file systems that list another device (btrfs, overlayfs).
 */
export const linuxImageLocks: ImageLocks = async ({ identity }) => {
  const text = await readFile('/proc/locks', 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parseLocks(text, identity);
};

/** How the file at `path` is held; `undefined` where that cannot be told, or there is none. */
async function useOf(
  fileSystem: FileSystem,
  imageLocks: ImageLocks,
  path: string,
): Promise<ImageUse | undefined> {
  const status = await fileSystem.stat(path);
  return status === undefined ? undefined : await imageLocks(status);
}

/**
 * Rejects with `LOCKED` when QEMU may write to the image at `path`, which is to be read; resolves with how it is held. Whoever
 * else reads it is no harm: a running machine reads its backing files so.
 */
export async function refuseWritten(
  fileSystem: FileSystem,
  imageLocks: ImageLocks,
  path: string,
): Promise<ImageUse | undefined> {
  const use = await useOf(fileSystem, imageLocks, path);
  if (use?.written !== true) return use;
  throw new SendenseError('LOCKED', `${path} is open for writing in a running program (QEMU locks it)`, {
    operation: 'open-image',
    remedy: 'stop the machine first, or back it up while it runs through the qemu or libvirt source',
    context: { path },
  });
}

/**
 * Rejects with `LOCKED` when QEMU has the image at `path` open, which is to be replaced or removed: a running guest would go on
 * with a file that has no name any more, and lose what it writes.
 */
export async function refuseInUse(
  fileSystem: FileSystem,
  imageLocks: ImageLocks,
  path: string,
): Promise<void> {
  const use = await useOf(fileSystem, imageLocks, path);
  if (use === undefined || (!use.written && !use.writesForbidden)) return;
  throw new SendenseError('LOCKED', `${path} is open in a running program (QEMU locks it)`, {
    operation: 'check-target',
    remedy: 'stop the machine that uses it, or choose another name',
    context: { path },
  });
}
