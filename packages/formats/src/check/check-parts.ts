import { type Call, throwIfAborted } from '@sendense/core';
import type { CheckLog } from '../qcow2/check-result.ts';
import type { FilePart, TabledFile, UnitName } from './file-parts.ts';
import { SectorSet } from './sector-set.ts';

/** Places in all formats are whole sectors. */
const SECTOR_BYTES = 512;

/** Bytes of a file that are looked at in one walk over the tables: 64 MiB of bits. */
const WINDOW_BYTES = 256 * 1024 ** 3;

/**
 * Finds parts of a file that have more than one owner, and units between parts in use that nobody refers to. The bytes behind the
 * last part are no leak: writers make files longer ahead.
 */
export async function checkParts(
  tabled: TabledFile,
  log: CheckLog,
  { signal }: Call = {},
  windowBytes: number = WINDOW_BYTES,
): Promise<void> {
  const fileBytes = await tabled.file.handle.size();
  const leaks = new LeakFinder(tabled, log);
  for (let start = 0; start < fileBytes; start += windowBytes) {
    const window = { start, end: Math.min(fileBytes, start + windowBytes) };
    const used = new SectorSet(Math.ceil((window.end - start) / SECTOR_BYTES));
    for await (const part of tabled.parts()) {
      throwIfAborted(signal, 'check-image');
      enter(part, window, used, log);
    }
    for (const { first, end } of used.gaps())
      leaks.add(start + first * SECTOR_BYTES, start + end * SECTOR_BYTES, end < used.size);
  }
}

type Window = { readonly start: number; readonly end: number };

function enter(part: FilePart, { start, end }: Window, used: SectorSet, log: CheckLog): void {
  const first = Math.floor((Math.max(part.offset, start) - start) / SECTOR_BYTES);
  const last = Math.ceil((Math.min(part.offset + part.length, end) - start) / SECTOR_BYTES);
  if (last <= first) return;
  const isFree = used.add(first, last);
  if (isFree || part.use === 'shared') return;
  log.error('overlap', `${part.what()} at offset ${part.offset} lies on another part of the file`);
}

/** Counts units of gaps that a part follows; a gap may go through several windows. */
class LeakFinder {
  readonly #unitBytes: number;
  readonly #unitName: UnitName;
  readonly #log: CheckLog;
  #open: { readonly start: number; readonly end: number } | undefined;

  constructor({ unitBytes = Number.POSITIVE_INFINITY, unitName }: TabledFile, log: CheckLog) {
    this.#unitBytes = unitBytes;
    this.#unitName = unitName;
    this.#log = log;
  }

  add(start: number, end: number, isFollowed: boolean): void {
    if (this.#open !== undefined && this.#open.end !== start) this.#tell(this.#open.start, this.#open.end);
    const from = this.#open?.end === start ? this.#open.start : start;
    this.#open = isFollowed ? undefined : { start: from, end };
    if (isFollowed) this.#tell(from, end);
  }

  #tell(start: number, end: number): void {
    for (let at = start; at + this.#unitBytes <= end; at += this.#unitBytes)
      this.#log.leak(this.#unitName, `nothing refers to the ${this.#unitName} at offset ${at}`);
  }
}
