import { SECTOR_BYTES, SESPARSE_MAGIC, SESPARSE_VOLATILE_MAGIC } from './constants.ts';
import { sectorsAt, viewOf } from './field-reader.ts';
import { invalid, unsupported } from './format-error.ts';

/** The only version and geometry that ESXi writes: 2.1, grains of 4 KiB, grain tables of 32 KiB. */
const VERSION = 0x2_0000_0001n;
const GRAIN_SECTORS = 8;
const TABLE_SECTORS = 64;

/** A stretch of an SESparse file. In sectors. */
export type SectorRange = { readonly offset: number; readonly sectors: number };

/** The constant header of an SESparse extent. Places and sizes in sectors. */
export type SesparseHeader = {
  readonly capacity: number;
  readonly grainSectors: number;
  readonly tableSectors: number;
  readonly volatileHeader: SectorRange;
  readonly directory: SectorRange;
  readonly tables: SectorRange;
  readonly grains: SectorRange;
};

/** Reads the constant header from the first sector. Throws `FORMAT_INVALID`, or `FORMAT_UNSUPPORTED` by name. */
export function parseSesparseHeader(bytes: Uint8Array): SesparseHeader {
  if (bytes.byteLength < SECTOR_BYTES) throw invalid('the file ends inside the header');
  const view = viewOf(bytes);
  if (view.getBigUint64(0, true) !== BigInt(SESPARSE_MAGIC))
    throw invalid('the magic of an SESparse extent is missing');
  const version = view.getBigUint64(8, true);
  if (version !== VERSION)
    throw unsupported(
      `has version ${version >> 32n}.${version & 0xffff_ffffn} of SESparse; 2.1 is supported`,
    );
  const grainSectors = sectorsAt(view, 24, 'the grain size');
  const tableSectors = sectorsAt(view, 32, 'the size of a grain table');
  if (grainSectors !== GRAIN_SECTORS || tableSectors !== TABLE_SECTORS)
    throw unsupported(`has grains of ${grainSectors} and grain tables of ${tableSectors} sectors`);
  const flags = view.getBigUint64(40, true);
  if (flags !== 0n) throw unsupported(`uses the SESparse flags 0x${flags.toString(16)}, which are unknown`);
  const range = (at: number, what: string): SectorRange => ({
    offset: sectorsAt(view, at, `the place of ${what}`),
    sectors: sectorsAt(view, at + 8, `the size of ${what}`),
  });
  return {
    capacity: sectorsAt(view, 16, 'the capacity'),
    grainSectors,
    tableSectors,
    volatileHeader: range(80, 'the volatile header'),
    directory: range(128, 'the grain directory'),
    tables: range(144, 'the grain tables'),
    grains: range(192, 'the grains'),
  };
}

/** Checks the sector of the volatile header. Throws `FORMAT_UNSUPPORTED` when its journal has to be replayed. */
export function checkVolatileHeader(bytes: Uint8Array): void {
  if (bytes.byteLength < SECTOR_BYTES) throw invalid('the volatile header lies outside the file');
  const view = viewOf(bytes);
  if (view.getBigUint64(0, true) !== BigInt(SESPARSE_VOLATILE_MAGIC))
    throw invalid('the magic of the volatile header is missing');
  if (view.getBigUint64(24, true) === 0n) return;
  throw unsupported(
    'was not closed cleanly: its journal has to be replayed',
    'power the machine on and off where the disk was made, or take a new snapshot, and copy it again',
  );
}
