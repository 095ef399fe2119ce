import { SendenseError } from '@sendense/core';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import {
  EXTENSION,
  HEADER_BYTES_WRITTEN,
  INCOMPATIBLE,
  MAX_BACKING_NAME_BYTES,
  MAX_CLUSTER_BITS,
  MIN_CLUSTER_BITS,
  SECTOR_BYTES,
} from './constants.ts';
import { hasZstd } from './decompress-cluster.ts';
import { serializeHeader } from './header.ts';
import { serializeHeaderExtensions } from './header-extensions.ts';
import { type ImageLayout, layoutOf } from './image-layout.ts';
import { Qcow2Writer } from './qcow2-writer.ts';

/** How to make a new image. */
export type CreateQcow2Options = {
  readonly fileSystem?: FileSystem;
  /** Size of the disk in bytes; rounded up to a multiple of 512, which QEMU needs. */
  readonly sizeBytes: number;
  /** A power of two from 512 to 2 MiB; 64 KiB when not given. */
  readonly clusterBytes?: number;
  /** The image that ranges nobody writes are read from. The name is stored as it is and not opened. */
  readonly backing?: { readonly file: string; readonly format: 'qcow2' | 'raw' };
  readonly compression?: 'zlib' | 'zstd';
};

/** Size of a new disk in clusters when nothing else is asked for. */
const DEFAULT_CLUSTER_BYTES = 65_536;

/**
 * Creates the image file (mode 0600) and returns its writer. Rejects with `ALREADY_EXISTS`, or `CONFIG_INVALID` for
 * sizes and names that the format cannot hold. Until the first flush the file is not a valid image; dispose leaves it.
 */
export async function createQcow2(path: string, options: CreateQcow2Options): Promise<Qcow2Writer> {
  const { fileSystem = nodeFileSystem, backing, compression, clusterBytes = DEFAULT_CLUSTER_BYTES } = options;
  checkOptions(options, clusterBytes);
  const sizeBytes = Math.ceil(options.sizeBytes / SECTOR_BYTES) * SECTOR_BYTES;
  const layout = layoutOf(sizeBytes, clusterBytes);
  const header = firstCluster(options, sizeBytes, layout);
  const handle = await fileSystem.open(path, 'create');
  return new Qcow2Writer({
    handle,
    layout,
    header,
    sizeBytes,
    hasBacking: backing !== undefined,
    ...(compression === undefined ? {} : { compression }),
  });
}

function checkOptions({ sizeBytes, compression }: CreateQcow2Options, clusterBytes: number): void {
  const bits = Math.log2(clusterBytes);
  if (!Number.isInteger(bits) || bits < MIN_CLUSTER_BITS || bits > MAX_CLUSTER_BITS) {
    throw refused(`clusters of ${clusterBytes} bytes`, 'use a power of two from 512 to 2097152');
  }
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
    throw refused(`a disk of ${sizeBytes} bytes`, 'give the size in bytes as an integer');
  }
  if (compression === 'zstd' && !hasZstd()) {
    throw refused('zstd compression, which this Node does not have', 'use zlib, or Node 22.15 or newer');
  }
}

function firstCluster(options: CreateQcow2Options, sizeBytes: number, layout: ImageLayout): Uint8Array {
  const { backing, compression } = options;
  const encoder = new TextEncoder();
  const name = encoder.encode(backing?.file ?? '');
  const extensions = serializeHeaderExtensions(
    backing === undefined ? [] : [{ type: EXTENSION.backingFormat, data: encoder.encode(backing.format) }],
  );
  const nameOffset = HEADER_BYTES_WRITTEN + extensions.byteLength;
  if (backing !== undefined) checkBackingName(name, layout.clusterBytes - nameOffset);
  const fixed = serializeHeader({
    version: 3,
    backingOffset: backing === undefined ? 0 : nameOffset,
    backingLength: name.byteLength,
    clusterBits: Math.log2(layout.clusterBytes),
    sizeBytes,
    l1Entries: layout.l1Entries,
    l1Offset: layout.l1Cluster * layout.clusterBytes,
    refcountTableOffset: layout.refcountTableCluster * layout.clusterBytes,
    refcountTableClusters: layout.refcountTableClusters,
    snapshotCount: 0,
    snapshotsOffset: 0,
    incompatible: compression === 'zstd' ? INCOMPATIBLE.compression : 0,
    compatible: 0n,
    autoclear: 0n,
    refcountOrder: 4,
    headerBytes: HEADER_BYTES_WRITTEN,
    compression: compression ?? 'zlib',
  });
  return new Uint8Array(Buffer.concat([fixed, extensions, name]));
}

function checkBackingName(name: Uint8Array, roomBytes: number): void {
  const limit = Math.min(roomBytes, MAX_BACKING_NAME_BYTES);
  if (name.byteLength > 0 && name.byteLength <= limit && !name.includes(0)) return;
  throw refused(
    `a backing file name of ${name.byteLength} bytes`,
    `use a name of 1 to ${limit} bytes, relative to the image where that is shorter`,
  );
}

function refused(what: string, remedy: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `a QCOW2 image cannot have ${what}`, {
    operation: 'create-image',
    remedy,
  });
}
