import { type FileHandle, writeZeros } from '@sendense/plugin-kit/files';
import type { AppendFile } from '../qcow2/append-file.ts';
import { ENTRIES_PER_TABLE, SECTOR_BYTES } from './constants.ts';
import { viewOf } from './field-reader.ts';
import { type SparseLayout, tableSector } from './sparse-layout.ts';

/** Entries of a directory that are written at once. */
const PIECE_ENTRIES = 16_384;

/** The grain tables of a new extent, of which the one that is being filled is in memory. */
export class GrainTables {
  readonly #file: AppendFile;
  readonly #layout: SparseLayout;
  readonly #table = new Uint8Array(ENTRIES_PER_TABLE * 4);
  readonly #view = viewOf(this.#table);
  #current: number | undefined;

  constructor(file: AppendFile, layout: SparseLayout) {
    this.#file = file;
    this.#layout = layout;
  }

  /** Whether `grain` lies in another table than the grain before, which is complete then. */
  leaves(grain: number): boolean {
    return this.#current !== undefined && this.#current !== tableOf(grain);
  }

  /** Makes the table of `grain` current; {@link write} the one before first. */
  enter(grain: number): void {
    if (this.#current === tableOf(grain)) return;
    this.#current = tableOf(grain);
    this.#table.fill(0);
  }

  /** Takes over the tables of the file as they were when everything before `grain` was in them. */
  async resume(handle: FileHandle, grain: number): Promise<void> {
    const { redundantTables, tables, tableCount } = this.#layout;
    const rest = grain % ENTRIES_PER_TABLE;
    if (rest > 0) {
      this.enter(grain);
      await handle.read(this.#table, tableSector(tables, tableOf(grain)) * SECTOR_BYTES);
      this.#table.fill(0, rest * 4);
    }
    const next = Math.ceil(grain / ENTRIES_PER_TABLE);
    for (const first of [redundantTables, tables]) {
      const offset = tableSector(first, next) * SECTOR_BYTES;
      await writeZeros(handle, { offset, length: tableSector(first, tableCount) * SECTOR_BYTES - offset });
    }
  }

  /** Lets `grain`, in the current table, lie at `sector`. */
  set(grain: number, sector: number): void {
    this.#view.setUint32((grain % ENTRIES_PER_TABLE) * 4, sector, true);
  }

  /** Writes both copies of the current table. */
  async write(): Promise<void> {
    if (this.#current === undefined) return;
    const { redundantTables, tables } = this.#layout;
    for (const first of [redundantTables, tables])
      await this.#file.write(this.#table, tableSector(first, this.#current) * SECTOR_BYTES);
  }

  /** Writes both directories: each table has its place, filled or not. */
  async writeDirectories(): Promise<void> {
    const { header, redundantTables, tables, tableCount } = this.#layout;
    const { directoryOffset } = header;
    if (directoryOffset === 'at-end') return;
    const copies = [
      [header.redundantOffset, redundantTables],
      [directoryOffset, tables],
    ] as const;
    for (const [directory, first] of copies) {
      for (let index = 0; index < tableCount; index += PIECE_ENTRIES) {
        const piece = new DataView(new ArrayBuffer(Math.min(PIECE_ENTRIES, tableCount - index) * 4));
        for (let at = 0; at < piece.byteLength; at += 4)
          piece.setUint32(at, tableSector(first, index + at / 4), true);
        await this.#file.write(new Uint8Array(piece.buffer), directory * SECTOR_BYTES + index * 4);
      }
    }
  }
}

function tableOf(grain: number): number {
  return Math.floor(grain / ENTRIES_PER_TABLE);
}
