import { SendenseError } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import type { z } from 'zod';
import {
  EXTENSION,
  HEADER_BYTES_WRITTEN,
  INCOMPATIBLE,
  MAX_BACKING_NAME_BYTES,
  SECTOR_BYTES,
} from './constants.ts';
import { hasZstd } from './decompress-cluster.ts';
import { serializeHeader } from './header.ts';
import { serializeHeaderExtensions } from './header-extensions.ts';
import { type ImageLayout, layoutOf } from './image-layout.ts';
import { createQcow2OptionsSchema } from './options.ts';
import { Qcow2Writer } from './qcow2-writer.ts';

/** How to make a new image; see {@link createQcow2OptionsSchema}. */
export type CreateQcow2Options = z.input<typeof createQcow2OptionsSchema> & {
  readonly fileSystem?: FileSystem;
};

type CheckedOptions = z.output<typeof createQcow2OptionsSchema>;

/**
 * Creates the image file (mode 0600) and returns its writer. Rejects with `ALREADY_EXISTS`, or `CONFIG_INVALID` for
 * sizes and names that the format cannot hold. Until the first flush the file is not a valid image; dispose leaves it.
 */
export async function createQcow2(path: string, options: CreateQcow2Options): Promise<Qcow2Writer> {
  const { fileSystem = nodeFileSystem, ...plain } = options;
  const checked = await parseOptions(createQcow2OptionsSchema, plain, 'a new QCOW2 image');
  const { backing, compression, clusterBytes } = checked;
  if (compression === 'zstd' && !hasZstd())
    throw refused('zstd compression, which this Node does not have', 'use zlib, or Node 22.15 or newer');
  const sizeBytes = Math.ceil(checked.sizeBytes / SECTOR_BYTES) * SECTOR_BYTES;
  const layout = layoutOf(sizeBytes, clusterBytes);
  const header = firstCluster(checked, sizeBytes, layout);
  const handle = await fileSystem.open(path, 'create');
  return new Qcow2Writer({
    handle,
    layout,
    header,
    sizeBytes,
    hasBacking: backing !== undefined,
    ...(compression === undefined ? {} : { compression }),
    ...(fileSystem.endpoint && { endpoint: fileSystem.endpoint(path) }),
  });
}

function firstCluster(options: CheckedOptions, sizeBytes: number, layout: ImageLayout): Uint8Array {
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
