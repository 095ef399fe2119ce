import { SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';

/**
 * Space that is left free for others. Where a scratch file cannot grow any more, QEMU fails the write of the guest whose old
 * bytes it should keep (seen with 7.2; see `breaksSnapshots`): a backup is given up before it comes to that.
 */
export const SCRATCH_RESERVE_BYTES = 256 * 1024 * 1024;

/** Pause between two looks: a disk that writes 1 GiB/s uses up the reserve no faster. */
const LOOK_MS = 200;

/** The folder of `folders` that has less than the reserve left, if any. One that cannot be looked at counts as roomy. */
async function fullFolder(fileSystem: FileSystem, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const space = await fileSystem.space(folder).catch(() => undefined);
    if (space !== undefined && space.availableBytes < SCRATCH_RESERVE_BYTES) return folder;
  }
  return undefined;
}

/** Rejects with `NO_SPACE` when a folder has too little room for scratch files, `NOT_FOUND` when it is not there. */
export async function checkScratchSpace(fileSystem: FileSystem, folder: string): Promise<void> {
  const { availableBytes } = await fileSystem.space(folder);
  if (availableBytes >= SCRATCH_RESERVE_BYTES) return;
  throw new SendenseError('NO_SPACE', `${folder} has ${availableBytes} bytes left for scratch files`, {
    operation: 'begin-capture',
    remedy:
      'make room, or name another folder in the option "scratch": it takes what the guest overwrites meanwhile',
  });
}

/** Why a backup was given up whose scratch files had no room left in `folder`. */
export function givenUp(folder: string): string {
  return `${folder} ran full, and the backup was given up so that the guest can write on`;
}

/** Looks after the room of `folders` until it is stopped; `onFull` is told once, with the folder. */
export class ScratchWatch {
  readonly #timer: NodeJS.Timeout;
  #looking = false;

  constructor(fileSystem: FileSystem, folders: readonly string[], onFull: (folder: string) => void) {
    const distinct = [...new Set(folders)];
    const look = async (): Promise<void> => {
      if (this.#looking) return;
      this.#looking = true;
      const folder = await fullFolder(fileSystem, distinct);
      this.#looking = false;
      if (folder === undefined) return;
      this.stop();
      onFull(folder);
    };
    this.#timer = setInterval(() => void look(), LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
