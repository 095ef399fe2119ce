import { COWD_MAGIC, MAX_GRAIN_SECTORS } from './constants.ts';
import { isPowerOfTwo, unknownBit, viewOf } from './field-reader.ts';
import { invalid, unsupported } from './format-error.ts';

/** Length of the header in bytes. */
export const COWD_HEADER_BYTES = 2048;
/** Entries of each grain table. */
export const COWD_ENTRIES_PER_TABLE = 4096;

/** Flags: the root of a chain, can be checked, was found inconsistent. */
const ROOT = 0x1;
const CHECKABLE = 0x2;
const INCONSISTENT = 0x4;

/** The header of a sparse extent of ESX Server 2 and later (`COWD`). Places and sizes in sectors. */
export type CowdHeader = {
  readonly capacity: number;
  readonly grainSectors: number;
  readonly directoryOffset: number;
  readonly directoryEntries: number;
  readonly unclean: boolean;
};

/** Reads the header from the first 2048 bytes. Throws `FORMAT_INVALID`, or `FORMAT_UNSUPPORTED` by name. */
export function parseCowdHeader(bytes: Uint8Array): CowdHeader {
  if (bytes.byteLength < COWD_HEADER_BYTES) throw invalid('the file ends inside the header');
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== COWD_MAGIC) throw invalid('the magic of a COWD extent is missing');
  const version = view.getUint32(4, true);
  if (version !== 1) throw unsupported(`has version ${version} of the COWD format; 1 is supported`);
  const flags = view.getUint32(8, true);
  const bit = unknownBit(flags, ROOT | CHECKABLE | INCONSISTENT);
  if (bit !== undefined) throw unsupported(`uses flag bit ${bit} of COWD, which is unknown`);
  const grainSectors = view.getUint32(16, true);
  if (!isPowerOfTwo(grainSectors) || grainSectors > MAX_GRAIN_SECTORS)
    throw invalid(`a grain of ${grainSectors} sectors is out of bounds`);
  return {
    capacity: view.getUint32(12, true),
    grainSectors,
    directoryOffset: view.getUint32(20, true),
    directoryEntries: view.getUint32(24, true),
    unclean: (flags & INCONSISTENT) !== 0 || view.getUint32(1648, true) !== 0,
  };
}
