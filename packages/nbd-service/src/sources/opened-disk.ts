import type { BlockReader } from '@sendense/core';

/** A disk that can be exported; dispose closes all that was opened for it. */
export interface OpenedDisk extends AsyncDisposable {
  readonly reader: BlockReader;
  /** The name by which it is exported where its entry has none. */
  readonly name: (isTaken: (name: string) => boolean) => string;
  /** One line for people who list exports. */
  readonly description: string;
}
