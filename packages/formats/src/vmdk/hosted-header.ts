import {
  COMPRESSION_DEFLATE,
  DIRECTORY_AT_END,
  ENTRIES_PER_TABLE,
  HOSTED_FLAG,
  HOSTED_MAGIC,
  MAX_COMPRESSED_GRAIN_SECTORS,
  MAX_GRAIN_SECTORS,
  MAX_HOSTED_VERSION,
  NEWLINES,
  SECTOR_BYTES,
} from './constants.ts';
import { isPowerOfTwo, sectorsAt, unknownBit, viewOf } from './field-reader.ts';
import { invalid, unsupported } from './format-error.ts';

/** The header of a hosted sparse extent (`KDMV`), and the footer of a stream. Places and sizes in sectors. */
export type HostedHeader = {
  readonly version: number;
  /** See `HOSTED_FLAG`. */
  readonly flags: number;
  readonly capacity: number;
  readonly grainSectors: number;
  /** Where the embedded descriptor lies; 0: there is none. */
  readonly descriptorOffset: number;
  readonly descriptorSectors: number;
  readonly entriesPerTable: number;
  /** The redundant grain directory; 0: there is none. */
  readonly redundantOffset: number;
  readonly directoryOffset: number | 'at-end';
  readonly overhead: number;
  /** Whether a writer had it open when it ended. */
  readonly unclean: boolean;
};

const KNOWN_FLAGS = Object.values(HOSTED_FLAG).reduce((all, flag) => all | flag, 0);

/** Reads a header from a sector. Throws `FORMAT_INVALID`, or `FORMAT_UNSUPPORTED` by name. */
export function parseHostedHeader(bytes: Uint8Array): HostedHeader {
  if (bytes.byteLength < SECTOR_BYTES) throw invalid('the file ends inside the header');
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== HOSTED_MAGIC) throw invalid('the magic of a sparse extent is missing');
  const version = view.getUint32(4, true);
  if (version < 1 || version > MAX_HOSTED_VERSION)
    throw unsupported(
      `has version ${version} of the sparse format; 1 to ${MAX_HOSTED_VERSION} are supported`,
    );
  const flags = view.getUint32(8, true);
  checkFlags(flags, view);
  const atEnd = view.getBigUint64(56, true) === DIRECTORY_AT_END;
  const header: HostedHeader = {
    version,
    flags,
    capacity: sectorsAt(view, 12, 'the capacity'),
    grainSectors: sectorsAt(view, 20, 'the grain size'),
    descriptorOffset: sectorsAt(view, 28, 'the place of the descriptor'),
    descriptorSectors: sectorsAt(view, 36, 'the size of the descriptor'),
    entriesPerTable: view.getUint32(44, true),
    redundantOffset:
      flags & HOSTED_FLAG.redundant ? sectorsAt(view, 48, 'the place of the redundant grain directory') : 0,
    directoryOffset: atEnd ? 'at-end' : sectorsAt(view, 56, 'the place of the grain directory'),
    overhead: sectorsAt(view, 64, 'the overhead'),
    unclean: view.getUint8(72) !== 0,
  };
  checkSizes(header);
  return header;
}

/** Whether the grains of an extent are compressed. */
export function isCompressed({ flags }: Pick<HostedHeader, 'flags'>): boolean {
  return (flags & HOSTED_FLAG.compressed) !== 0;
}

function checkFlags(flags: number, view: DataView): void {
  const bit = unknownBit(flags, KNOWN_FLAGS);
  if (bit !== undefined) throw unsupported(`uses flag bit ${bit}, which is unknown`, 'use a newer version');
  if (flags & HOSTED_FLAG.newlines && NEWLINES.some((byte, index) => view.getUint8(73 + index) !== byte))
    throw invalid('its newlines were changed: it was transferred as text');
  const algorithm = view.getUint16(77, true);
  if (algorithm > COMPRESSION_DEFLATE) throw unsupported(`has compression algorithm ${algorithm}`);
  if ((algorithm === COMPRESSION_DEFLATE) !== isCompressed({ flags }))
    throw invalid('the compression algorithm and its flag contradict each other');
  if (flags & HOSTED_FLAG.markers && !isCompressed({ flags }))
    throw unsupported('has markers without compression');
}

function checkSizes(header: HostedHeader): void {
  const { grainSectors, entriesPerTable } = header;
  const most = isCompressed(header) ? MAX_COMPRESSED_GRAIN_SECTORS : MAX_GRAIN_SECTORS;
  if (!isPowerOfTwo(grainSectors) || grainSectors > most)
    throw invalid(`a grain of ${grainSectors} sectors is out of bounds`);
  if (entriesPerTable < 1 || entriesPerTable > ENTRIES_PER_TABLE)
    throw invalid(`a grain table of ${entriesPerTable} entries is out of bounds`);
}

/** The sector of a header; the inverse of {@link parseHostedHeader}. */
export function serializeHostedHeader(header: HostedHeader): Uint8Array {
  const bytes = new Uint8Array(SECTOR_BYTES);
  const view = viewOf(bytes);
  const wide = (at: number, value: number | bigint) => view.setBigUint64(at, BigInt(value), true);
  view.setUint32(0, HOSTED_MAGIC, true);
  view.setUint32(4, header.version, true);
  view.setUint32(8, header.flags, true);
  wide(12, header.capacity);
  wide(20, header.grainSectors);
  wide(28, header.descriptorOffset);
  wide(36, header.descriptorSectors);
  view.setUint32(44, header.entriesPerTable, true);
  wide(48, header.redundantOffset);
  wide(56, header.directoryOffset === 'at-end' ? DIRECTORY_AT_END : header.directoryOffset);
  wide(64, header.overhead);
  view.setUint8(72, header.unclean ? 1 : 0);
  bytes.set(NEWLINES, 73);
  view.setUint16(77, isCompressed(header) ? COMPRESSION_DEFLATE : 0, true);
  return bytes;
}
