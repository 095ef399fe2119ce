import type { DataFile } from '../chain/data-file.ts';

/** A part of a file that something refers to, in bytes. */
export type FilePart = {
  readonly offset: number;
  readonly length: number;
  /**
   * `own`: belongs to one owner alone, so that another part on it is damage. `shared`: is in use, and may hold other parts (the
   * room of all tables).
   */
  readonly use: 'own' | 'shared';
  /** What it is called in a message; made only when there is one, as there are millions of parts. */
  readonly what: () => string;
};

/** What a format calls what its tables give out. */
export type UnitName = 'block' | 'grain';

/** A file in which the tables of an image give out places. */
export type TabledFile = {
  readonly file: DataFile;
  /** What one entry of the tables gives out, in bytes; absent where parts that nobody refers to cannot be told. */
  readonly unitBytes?: number;
  /** What the format calls it. */
  readonly unitName: UnitName;
  /** Every part that is in use, any number of times: those that are shared after the others. */
  parts(): AsyncIterable<FilePart>;
};
