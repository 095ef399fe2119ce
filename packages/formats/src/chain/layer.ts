import type { FileHandle } from '@sendense/plugin-kit/files';
import type { CompressedRun, Run } from './run.ts';

/** The file in which a layer keeps guest bytes. */
export type DataFile = {
  /** Absolute path without symbolic links. */
  readonly path: string;
  readonly handle: FileHandle;
  /** A stretch of this size that begins inside the file may end outside it (the rest reads as zeros). */
  readonly unitBytes: number;
};

/** One file of a backing chain, whatever its format. */
export interface Layer extends AsyncDisposable {
  readonly sizeBytes: number;
  readonly data: DataFile;
  /**
   * The run that holds `offset`, found without looking further than `end`. Synchronous when the tables are in memory.
   * Rejects with `CORRUPT` for tables that contradict the format.
   */
  runAt(offset: number, end: number): Run | Promise<Run>;
  /** The guest bytes from `run.start` on, at least `run.end - run.start` of them. */
  decompress(run: CompressedRun): Promise<Uint8Array>;
}
