import type { TabledFile } from '../check/file-parts.ts';
import type { DataFile } from './data-file.ts';
import type { CompressedRun, Run } from './run.ts';

/** One link of a backing chain, whatever its format. */
export interface Layer extends AsyncDisposable {
  readonly sizeBytes: number;
  /** Where the bytes of a run lie that names no file. */
  readonly data: DataFile;
  /** Path of the file that names the files with guest bytes or has their tables, of a layer where that is another one. */
  readonly headPath?: string;
  /** All files with guest bytes, of a layer that has several (flat and split extents). */
  readonly files?: readonly DataFile[];
  /** The files in which tables give out places, for a check of these; absent where there are no tables. */
  readonly tabled?: readonly TabledFile[];
  /**
   * The run that holds `offset`, found without looking further than `end`. Synchronous when the tables are in memory.
   * Rejects with `CORRUPT` for tables that contradict the format.
   */
  runAt(offset: number, end: number): Run | Promise<Run>;
  /** The guest bytes from `run.start` on, at least `run.end - run.start` of them. */
  decompress(run: CompressedRun): Promise<Uint8Array>;
}
