import type { FileHandle } from '@sendense/plugin-kit/files';
import { ENTRIES_PER_TABLE, GRAIN_SECTORS, MARKER, MARKER_BYTES, SECTOR_BYTES } from './constants.ts';
import { viewOf } from './field-reader.ts';
import { corrupt } from './format-error.ts';
import type { StreamEncoder } from './stream-encoder.ts';

/** Read at once: some thirty grains of a disk that compresses by half. */
const WINDOW_BYTES = 1024 * 1024;
/** A grain's sector and length, or zeros and the type of another marker. */
const HEAD_BYTES = 16;
/** The marker of a grain table, and the table. */
const TABLE_BYTES = SECTOR_BYTES + ENTRIES_PER_TABLE * 4;

/**
 * Lets a new `encoder` go on with the stream that another one of the same disk wrote to `handle` up to byte `end`: every grain
 * says which one it is, so nothing has to be kept beside the file. Rejects with `CORRUPT` for any other bytes.
 */
export async function takeOverGrains(encoder: StreamEncoder, handle: FileHandle, end: number): Promise<void> {
  const window = new Window(handle, end);
  while (encoder.position < end) {
    const position = encoder.position;
    const head = await window.read(position, HEAD_BYTES);
    const isTable = head.getUint32(8, true) === 0 && head.getUint32(12, true) === MARKER.table;
    const at = isTable ? position + TABLE_BYTES : position;
    const { grain, packedBytes } = grainOf(isTable ? await window.read(at, HEAD_BYTES) : head, at);
    if (!encoder.follows(grain)) throw corrupt(`grain ${grain} at byte ${at} of its stream does not follow`);
    encoder.place(grain, packedBytes);
    const next = at + sectorsOf(MARKER_BYTES + packedBytes);
    if (encoder.position !== next) throw corrupt(`a grain table is missing or too many before byte ${at}`);
  }
  if (encoder.position !== end) throw corrupt(`no grain of its stream ends at byte ${end}`);
}

function grainOf(head: DataView, at: number): { readonly grain: number; readonly packedBytes: number } {
  const packedBytes = head.getUint32(8, true);
  if (packedBytes === 0) throw corrupt(`there is no grain at byte ${at} of its stream`);
  return { grain: Number(head.getBigUint64(0, true)) / GRAIN_SECTORS, packedBytes };
}

function sectorsOf(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}

/** The bytes of a file up to an end, read forwards a piece at a time. */
class Window {
  readonly #handle: FileHandle;
  readonly #end: number;
  #from = 0;
  #bytes = new Uint8Array(0);

  constructor(handle: FileHandle, end: number) {
    this.#handle = handle;
    this.#end = end;
  }

  /** Rejects with `CORRUPT` beyond the end. */
  async read(position: number, length: number): Promise<DataView> {
    if (position + length > this.#end) throw corrupt(`its stream ends within what lies at byte ${position}`);
    if (position < this.#from || position + length > this.#from + this.#bytes.byteLength) {
      const bytes = new Uint8Array(Math.min(WINDOW_BYTES, this.#end - position));
      await this.#handle.read(bytes, position);
      this.#bytes = bytes;
      this.#from = position;
    }
    return viewOf(this.#bytes.subarray(position - this.#from, position - this.#from + length));
  }
}
