/** An open file with positional reads and writes. */
export interface FileHandle extends AsyncDisposable {
  /** Reads up to `into.byteLength` bytes at `position`; resolves with the count, short only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all of `data` at `position`, growing the file. */
  write(data: Uint8Array, position: number): Promise<void>;
  /** Sets the size; new bytes read as zeros and take no space. */
  truncate(sizeBytes: number): Promise<void>;
  /** Makes the content and size durable (fdatasync). */
  sync(): Promise<void>;
  /** Size of the file now, in bytes. */
  size(): Promise<number>;
  /**
   * A second handle on the same file whose writes go past the page cache: position, length and memory on the grid of the
   * storage, else `EINVAL`. They need `sync` like others. `undefined` where the storage cannot; absent where every operation
   * has to go through this handle.
   */
  openPastCache?(): Promise<FileHandle | undefined>;
}
