import { safeNumber } from '@sendense/core';
import {
  HEADER_BYTES_V2,
  HEADER_BYTES_V3,
  HEADER_BYTES_WRITTEN,
  INCOMPATIBLE,
  INCOMPATIBLE_NAMES,
  MAGIC,
  MAX_BACKING_NAME_BYTES,
  MAX_CLUSTER_BITS,
  MAX_L1_BYTES,
  MAX_REFCOUNT_TABLE_BYTES,
  MAX_SNAPSHOTS,
  MIN_CLUSTER_BITS,
  MIN_CLUSTER_BITS_EXTENDED,
} from './constants.ts';
import { invalid, unsupported } from './format-error.ts';

/** The fixed part of a QCOW2 header, with the defaults of version 2 filled in. Offsets and sizes in bytes. */
export type Qcow2Header = {
  readonly version: 2 | 3;
  readonly backingOffset: number;
  readonly backingLength: number;
  readonly clusterBits: number;
  readonly sizeBytes: number;
  readonly l1Entries: number;
  readonly l1Offset: number;
  readonly refcountTableOffset: number;
  readonly refcountTableClusters: number;
  readonly snapshotCount: number;
  readonly snapshotsOffset: number;
  readonly incompatible: number;
  readonly compatible: bigint;
  readonly autoclear: bigint;
  /** log2 of the bits of a refcount. */
  readonly refcountOrder: number;
  readonly headerBytes: number;
  readonly compression: 'zlib' | 'zstd';
};

/** Whether `bytes` start with the magic of QCOW2 (of any version). */
export function isQcow2(bytes: Uint8Array): boolean {
  return bytes.byteLength >= 8 && viewOf(bytes).getUint32(0) === MAGIC;
}

/** Reads the header in the first bytes of a file. Throws `FORMAT_INVALID`, or `FORMAT_UNSUPPORTED` by name. */
export function parseHeader(bytes: Uint8Array): Qcow2Header {
  const view = viewOf(bytes);
  if (!isQcow2(bytes)) throw invalid('the magic is missing');
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3) throw unsupported(`has version ${version}; 2 and 3 are supported`);
  if (bytes.byteLength < (version === 2 ? HEADER_BYTES_V2 : HEADER_BYTES_V3)) {
    throw invalid('the file ends inside the header');
  }
  const header = { ...fixedFields(view, version), ...laterFields(view, version) };
  checkFeatures(header, view.getUint32(32));
  checkNumbers(header);
  return header;
}

function fixedFields(view: DataView, version: 2 | 3) {
  const field = (offset: number, what: string) => safeNumber(view.getBigUint64(offset), what);
  return {
    version,
    backingOffset: field(8, 'the offset of the backing file name'),
    backingLength: view.getUint32(16),
    clusterBits: view.getUint32(20),
    sizeBytes: field(24, 'the disk size'),
    l1Entries: view.getUint32(36),
    l1Offset: field(40, 'the offset of the L1 table'),
    refcountTableOffset: field(48, 'the offset of the refcount table'),
    refcountTableClusters: view.getUint32(56),
    snapshotCount: view.getUint32(60),
    snapshotsOffset: field(64, 'the offset of the snapshot table'),
  };
}

function laterFields(view: DataView, version: 2 | 3) {
  if (version === 2) {
    return {
      incompatible: 0,
      compatible: 0n,
      autoclear: 0n,
      refcountOrder: 4,
      headerBytes: HEADER_BYTES_V2,
      compression: 'zlib' as const,
    };
  }
  const headerBytes = view.getUint32(100);
  const type = headerBytes > 104 && view.byteLength > 104 ? view.getUint8(104) : 0;
  if (type > 1) throw unsupported(`has compression type ${type}; zlib (0) and zstd (1) are supported`);
  return {
    incompatible: knownIncompatible(view),
    compatible: view.getBigUint64(80),
    autoclear: view.getBigUint64(88),
    refcountOrder: view.getUint32(96),
    headerBytes,
    compression: type === 1 ? ('zstd' as const) : ('zlib' as const),
  };
}

function knownIncompatible(view: DataView): number {
  const bits = view.getBigUint64(72);
  for (let bit = 0; bit < 64; bit += 1) {
    if ((bits >> BigInt(bit)) & 1n && INCOMPATIBLE_NAMES[bit] === undefined) {
      throw unsupported(`uses incompatible feature bit ${bit}, which is unknown`, 'use a newer version');
    }
  }
  return Number(bits);
}

function checkFeatures(header: Qcow2Header, encryption: number): void {
  if (encryption !== 0) {
    const name = encryption === 2 ? 'LUKS' : encryption === 1 ? 'AES' : `method ${encryption}`;
    throw unsupported(`is encrypted (${name})`, 'decrypt it first with "qemu-img convert"');
  }
  const typeBit = (header.incompatible & INCOMPATIBLE.compression) !== 0;
  if (typeBit !== (header.compression !== 'zlib')) {
    throw invalid('the compression type and its feature bit contradict each other');
  }
}

function checkNumbers(header: Qcow2Header): void {
  const { clusterBits, version } = header;
  const extended = (header.incompatible & INCOMPATIBLE.extendedL2) !== 0;
  if (
    clusterBits < (extended ? MIN_CLUSTER_BITS_EXTENDED : MIN_CLUSTER_BITS) ||
    clusterBits > MAX_CLUSTER_BITS
  ) {
    throw invalid(`a cluster of 2^${clusterBits} bytes is out of bounds`);
  }
  const clusterBytes = 2 ** clusterBits;
  if (header.refcountOrder > 6) throw invalid('refcounts have more than 64 bits');
  if (version === 3 && (header.headerBytes < HEADER_BYTES_V3 || header.headerBytes % 8 !== 0)) {
    throw invalid(`a header of ${header.headerBytes} bytes`);
  }
  if (header.headerBytes > clusterBytes) throw invalid('the header is longer than a cluster');
  checkTables(header, clusterBytes, extended);
  if (header.backingOffset === 0) return;
  if (header.backingLength > MAX_BACKING_NAME_BYTES) throw invalid('the backing file name is too long');
  if (header.backingOffset + header.backingLength > clusterBytes) {
    throw invalid('the backing file name lies outside the first cluster');
  }
}

function checkTables(header: Qcow2Header, clusterBytes: number, extended: boolean): void {
  const coverage = (clusterBytes / (extended ? 16 : 8)) * clusterBytes;
  if (header.l1Entries * 8 > MAX_L1_BYTES) throw invalid('the L1 table is larger than 32 MiB');
  if (header.l1Entries < Math.ceil(header.sizeBytes / coverage)) {
    throw invalid('the L1 table is too small for the disk');
  }
  if (header.refcountTableClusters * clusterBytes > MAX_REFCOUNT_TABLE_BYTES) {
    throw invalid('the refcount table is larger than 8 MiB');
  }
  if (header.snapshotCount > MAX_SNAPSHOTS) throw invalid(`${header.snapshotCount} snapshots`);
  const offsets = [header.l1Offset, header.refcountTableOffset, header.snapshotsOffset];
  if (offsets.some((offset) => offset % clusterBytes !== 0)) {
    throw invalid('a table does not start at a cluster boundary');
  }
}

/** The fixed part of a version 3 header, 112 bytes; the inverse of {@link parseHeader}. */
export function serializeHeader(header: Qcow2Header): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES_WRITTEN);
  const view = viewOf(bytes);
  const wide = (offset: number, value: number | bigint) => view.setBigUint64(offset, BigInt(value));
  view.setUint32(0, MAGIC);
  view.setUint32(4, header.version);
  wide(8, header.backingOffset);
  view.setUint32(16, header.backingLength);
  view.setUint32(20, header.clusterBits);
  wide(24, header.sizeBytes);
  view.setUint32(36, header.l1Entries);
  wide(40, header.l1Offset);
  wide(48, header.refcountTableOffset);
  view.setUint32(56, header.refcountTableClusters);
  view.setUint32(60, header.snapshotCount);
  wide(64, header.snapshotsOffset);
  wide(72, header.incompatible);
  wide(80, header.compatible);
  wide(88, header.autoclear);
  view.setUint32(96, header.refcountOrder);
  view.setUint32(100, header.headerBytes);
  view.setUint8(104, header.compression === 'zstd' ? 1 : 0);
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
