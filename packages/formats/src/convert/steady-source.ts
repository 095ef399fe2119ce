import { SendenseError } from '@sendense/core';
import { instantLost, refuseWritten } from '@sendense/plugin-kit/files';
import type { DiskImage } from '../disk-image.ts';
import type { ConverterContext } from './context.ts';
import { type FileMark, isMarked } from './file-mark.ts';

/** The files of a disk that is converted: a copy counts only when none of them was written to while it was made. */
export class SteadySource {
  readonly #context: ConverterContext;
  readonly #source: DiskImage;
  readonly #marks: ReadonlyMap<string, FileMark>;

  /** `marks`: of all files, taken before `source` was opened. */
  constructor(context: ConverterContext, source: DiskImage, marks: readonly FileMark[]) {
    this.#context = context;
    this.#source = source;
    this.#marks = new Map(marks.map((mark) => [mark.path, mark]));
  }

  /** Rejects with `LOCKED` when QEMU may write to a file of the disk, one of its backing files included. */
  async refuseWritten(): Promise<void> {
    const { fileSystem, imageLocks } = this.#context;
    for (const path of this.#source.allFiles) await refuseWritten(fileSystem, imageLocks, path);
  }

  /** Rejects with `INSTANT_LOST` when a file is not what it was. */
  async refuseChanged(): Promise<void> {
    const changed = await this.#changedFile();
    if (changed !== undefined) throw instantLost(changed);
  }

  /** Runs a copy. Its `CORRUPT` is `INSTANT_LOST` when a file changed: what looks damaged was then a table that somebody rewrote. */
  async during<T>(copy: () => Promise<T>): Promise<T> {
    try {
      return await copy();
    } catch (error) {
      const changed = SendenseError.is(error, 'CORRUPT') ? await this.#changedFile() : undefined;
      throw changed === undefined ? error : instantLost(changed, error);
    }
  }

  /** What changes on a block device leaves no trace. A file without a mark came after those that were marked. */
  async #changedFile(): Promise<string | undefined> {
    for (const path of this.#source.allFiles) {
      const mark = this.#marks.get(path);
      if (mark?.kind === 'device') continue;
      if (mark === undefined || !isMarked(mark, await this.#context.fileSystem.stat(path))) return path;
    }
    return undefined;
  }
}
