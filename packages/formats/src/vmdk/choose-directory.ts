import type { FileHandle } from '@sendense/plugin-kit/files';
import { MAX_DIRECTORY_BYTES } from './constants.ts';
import { viewOf } from './field-reader.ts';
import { corrupt, invalid } from './format-error.ts';
import { ABSENT, type GrainEntries, INVALID } from './grain-entries.ts';
import { directoryEntriesOf, type GrainGeometry, neededBytes } from './grain-map.ts';

/** Directories are read in pieces of this size. */
const PIECE_BYTES = 65_536;

/** The directories of an extent. */
export type Directories = {
  readonly handle: FileHandle;
  readonly fileBytes: number;
  readonly geometry: GrainGeometry;
  readonly entries: GrainEntries;
  /** Where the redundant directory lies, when there is one. In bytes. */
  readonly redundantOffset?: number;
};

/** The directory to read by. */
export type ChosenDirectory = {
  readonly offset: number;
  /** What is wrong with the other one. */
  readonly warning?: string;
};

type Damage = { main: boolean; redundant: boolean };

/**
 * Checks every entry of the grain directory, and of the redundant one: an entry is damaged when it leads outside the file
 * or when it is empty and its twin is not. The redundant directory is read by when only the first is damaged. Rejects with
 * `CORRUPT` when no directory is whole, `FORMAT_INVALID` when it is larger than any disk needs.
 */
export async function chooseDirectory(directories: Directories): Promise<ChosenDirectory> {
  const { geometry, entries, redundantOffset, fileBytes } = directories;
  const bytes = directoryEntriesOf(geometry) * entries.entryBytes;
  if (bytes > MAX_DIRECTORY_BYTES) throw invalid(`a grain directory of ${bytes} bytes`);
  const outside = (offset: number) => offset === 0 || offset + bytes > fileBytes;
  const damage = {
    main: outside(geometry.directoryOffset),
    redundant: redundantOffset === undefined || outside(redundantOffset),
  };
  for (let at = 0; at < bytes; at += PIECE_BYTES)
    await compare(directories, at, Math.min(PIECE_BYTES, bytes - at), damage);
  if (!damage.main) {
    const warning = 'the redundant grain directory is damaged; the first one is whole and was used';
    return {
      offset: geometry.directoryOffset,
      ...(damage.redundant && redundantOffset !== undefined && { warning }),
    };
  }
  if (damage.redundant || redundantOffset === undefined)
    throw corrupt('its grain directory leads outside the file: it was cut short or overwritten');
  return {
    offset: redundantOffset,
    warning: 'the grain directory is damaged; the redundant one is whole and was used',
  };
}

async function compare(
  { handle, geometry, entries, redundantOffset = 0 }: Directories,
  from: number,
  length: number,
  damage: Damage,
): Promise<void> {
  const main = await pieceOf(handle, geometry.directoryOffset + from, length, damage.main);
  const twin = await pieceOf(handle, redundantOffset + from, length, damage.redundant);
  for (let at = 0; at < length; at += entries.entryBytes) {
    const needed = neededBytes(geometry, entries.entryBytes, (from + at) / entries.entryBytes);
    const first = main === undefined ? INVALID : entries.table(main, at, needed);
    const second = twin === undefined ? INVALID : entries.table(twin, at, needed);
    if (first === INVALID || (first === ABSENT && second > 0)) damage.main = true;
    // Where the first one leads anywhere at all there was a table.
    if (second === INVALID || (second === ABSENT && main !== undefined && first !== ABSENT))
      damage.redundant = true;
  }
}

async function pieceOf(
  handle: FileHandle,
  position: number,
  length: number,
  damaged: boolean,
): Promise<DataView | undefined> {
  if (damaged) return undefined;
  const bytes = new Uint8Array(length);
  const count = await handle.read(bytes, position);
  return count === length ? viewOf(bytes) : undefined;
}
