import type { FileHandle } from '@sendense/plugin-kit/files';
import type { PageCache } from '../chain/page-cache.ts';
import { chooseDirectory } from './choose-directory.ts';
import { COWD_MAGIC, HOSTED_FLAG, HOSTED_MAGIC, SECTOR_BYTES, SESPARSE_MAGIC } from './constants.ts';
import { COWD_ENTRIES_PER_TABLE, COWD_HEADER_BYTES, parseCowdHeader } from './cowd-header.ts';
import { viewOf } from './field-reader.ts';
import { corrupt, invalid } from './format-error.ts';
import { type GrainEntries, SectorEntries, SesparseEntries } from './grain-entries.ts';
import { GrainLayer, type GrainStorage } from './grain-layer.ts';
import type { GrainGeometry } from './grain-map.ts';
import { type HostedHeader, isCompressed, parseHostedHeader } from './hosted-header.ts';
import { readFooter } from './read-footer.ts';
import { checkVolatileHeader, parseSesparseHeader } from './sesparse-header.ts';

/** A file with a sparse extent. */
export type SparseFile = {
  readonly path: string;
  readonly handle: FileHandle;
  readonly cache: PageCache;
};

/** A sparse extent that is open, and what is to be said of it. */
export type SparseExtent = {
  readonly layer: GrainLayer;
  readonly grainBytes: number;
  readonly unclean: boolean;
  readonly warnings: readonly string[];
};

/** The bytes of a file that tell what it is and hold every kind of header. */
export const HEAD_BYTES = COWD_HEADER_BYTES;

type Shape = {
  readonly geometry: GrainGeometry;
  readonly entries: GrainEntries;
  readonly redundantOffset?: number;
  readonly storage: GrainStorage;
  readonly unclean: boolean;
  /** Where header, descriptor and tables end in the file; absent where that is not told. */
  readonly headBytes?: number;
};

/** Opens the sparse extent in a file, whatever kind its magic says. Rejects with `FORMAT_INVALID` when it is none. */
export async function openSparseExtent(file: SparseFile): Promise<SparseExtent> {
  const { path, handle, cache } = file;
  const head = await readHeadBytes(handle);
  const fileBytes = await handle.size();
  const { unclean, storage, redundantOffset, headBytes, ...tables } = await shapeOf(head, handle, fileBytes);
  const chosen = await chooseDirectory({
    handle,
    fileBytes,
    ...tables,
    ...(redundantOffset !== undefined && { redundantOffset }),
  });
  const geometry = { ...tables.geometry, directoryOffset: chosen.offset };
  const { grainBytes } = geometry;
  // Grains are stored whole: a file that ends inside one was cut short, but for what lies behind the end of the disk.
  const data = { path, handle, unitBytes: SECTOR_BYTES };
  return {
    layer: new GrainLayer({
      file: data,
      geometry,
      entries: tables.entries,
      storage,
      cache,
      ...(headBytes !== undefined && { headBytes }),
    }),
    grainBytes,
    unclean,
    warnings: chosen.warning === undefined ? [] : [chosen.warning],
  };
}

/** The first bytes of a file. */
export async function readHeadBytes(handle: FileHandle): Promise<Uint8Array> {
  const bytes = new Uint8Array(HEAD_BYTES);
  return bytes.subarray(0, await handle.read(bytes, 0));
}

/** What the magic says a file is, if it is a sparse extent. */
export function sparseKind(head: Uint8Array): 'hosted' | 'cowd' | 'sesparse' | undefined {
  if (head.byteLength < 16) return undefined;
  const view = viewOf(head);
  const magic = view.getUint32(0, true);
  if (magic === HOSTED_MAGIC) return 'hosted';
  if (magic === COWD_MAGIC) return 'cowd';
  // The magic alone is that of other files, too; the upper half of the version is always 2.
  return magic === SESPARSE_MAGIC && view.getUint32(4, true) === 0 && view.getUint32(12, true) === 2
    ? 'sesparse'
    : undefined;
}

async function shapeOf(head: Uint8Array, handle: FileHandle, fileBytes: number): Promise<Shape> {
  const kind = sparseKind(head);
  if (kind === 'hosted') return hostedShape(await readFooter(parseHostedHeader(head), handle), fileBytes);
  if (kind === 'cowd') return cowdShape(head, fileBytes);
  if (kind === 'sesparse') return await sesparseShape(head, handle, fileBytes);
  throw invalid('no sparse extent begins like this');
}

function hostedShape(header: HostedHeader & { readonly directoryOffset: number }, fileBytes: number): Shape {
  const { flags, descriptorOffset, descriptorSectors, redundantOffset } = header;
  const firstSector = Math.max(1, descriptorOffset === 0 ? 0 : descriptorOffset + descriptorSectors);
  const markers = (flags & HOSTED_FLAG.markers) !== 0;
  return {
    geometry: {
      sizeBytes: header.capacity * SECTOR_BYTES,
      grainBytes: header.grainSectors * SECTOR_BYTES,
      entriesPerTable: header.entriesPerTable,
      directoryOffset: header.directoryOffset * SECTOR_BYTES,
    },
    entries: new SectorEntries({
      fileBytes,
      firstByte: firstSector * SECTOR_BYTES,
      zeroedGrains: (flags & HOSTED_FLAG.zeroedGrains) !== 0,
    }),
    ...(redundantOffset > 0 && { redundantOffset: redundantOffset * SECTOR_BYTES }),
    storage: !isCompressed(header) ? 'plain' : markers ? 'compressed-with-markers' : 'compressed',
    unclean: header.unclean,
    headBytes: header.overhead * SECTOR_BYTES,
  };
}

function cowdShape(head: Uint8Array, fileBytes: number): Shape {
  const header = parseCowdHeader(head);
  const sizeBytes = header.capacity * SECTOR_BYTES;
  const coverage = COWD_ENTRIES_PER_TABLE * header.grainSectors * SECTOR_BYTES;
  if (header.directoryEntries < Math.ceil(sizeBytes / coverage))
    throw invalid('the grain directory is too small for the disk');
  return {
    geometry: {
      sizeBytes,
      grainBytes: header.grainSectors * SECTOR_BYTES,
      entriesPerTable: COWD_ENTRIES_PER_TABLE,
      directoryOffset: header.directoryOffset * SECTOR_BYTES,
    },
    entries: new SectorEntries({ fileBytes, firstByte: COWD_HEADER_BYTES, zeroedGrains: false }),
    storage: 'plain',
    unclean: header.unclean,
    headBytes: COWD_HEADER_BYTES,
  };
}

async function sesparseShape(head: Uint8Array, handle: FileHandle, fileBytes: number): Promise<Shape> {
  const header = parseSesparseHeader(head);
  const sector = new Uint8Array(SECTOR_BYTES);
  const count = await handle.read(sector, header.volatileHeader.offset * SECTOR_BYTES);
  checkVolatileHeader(sector.subarray(0, count));
  const entries = new SesparseEntries(header, fileBytes);
  const geometry = {
    sizeBytes: header.capacity * SECTOR_BYTES,
    grainBytes: header.grainSectors * SECTOR_BYTES,
    entriesPerTable: (header.tableSectors * SECTOR_BYTES) / entries.entryBytes,
    directoryOffset: header.directory.offset * SECTOR_BYTES,
  };
  const room = (header.directory.sectors * SECTOR_BYTES) / entries.entryBytes;
  if (room < Math.ceil(geometry.sizeBytes / (geometry.entriesPerTable * geometry.grainBytes)))
    throw corrupt('the grain directory is too small for the disk');
  return { geometry, entries, storage: 'plain', unclean: false };
}
