import { SendenseError } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { EXTENSION, HEADER_BYTES_V3, INCOMPATIBLE, MAX_CLUSTER_BITS } from './constants.ts';
import { corrupt, invalid } from './format-error.ts';
import { parseHeader, type Qcow2Header } from './header.ts';
import { extensionText, type HeaderExtension, parseHeaderExtensions } from './header-extensions.ts';

/** Everything in the first cluster of an image. */
export type Qcow2Head = {
  readonly header: Qcow2Header;
  readonly extensions: readonly HeaderExtension[];
  /** Name of the backing file (foreign text) and its format where the image states it. */
  readonly backing?: { readonly name: string; readonly format: string | undefined };
  /** Name of the external data file, when the image has one. */
  readonly dataFileName?: string;
};

/** Bytes read first: the fixed header of either version. */
const FIXED_BYTES = HEADER_BYTES_V3 + 8;

/**
 * Reads and checks the first cluster. Rejects with `FORMAT_INVALID`, `FORMAT_UNSUPPORTED`, or `CORRUPT` for an image
 * that a writer has marked as corrupt.
 */
export async function readHead(
  handle: FileHandle,
  options: { readonly allowCorrupt?: boolean } = {},
): Promise<Qcow2Head> {
  const fixed = await readUpTo(handle, FIXED_BYTES);
  const header = parseHeader(fixed);
  if (header.incompatible & INCOMPATIBLE.corrupt && options.allowCorrupt !== true)
    throw corrupt('its corrupt bit is set');
  const cluster = await readUpTo(handle, 2 ** Math.min(header.clusterBits, MAX_CLUSTER_BITS));
  const end = header.backingOffset === 0 ? cluster.byteLength : header.backingOffset;
  const extensions = parseHeaderExtensions(cluster, header.headerBytes, end);
  const dataFileName = extensionText(extensions, EXTENSION.dataFile);
  return {
    header,
    extensions,
    ...(header.backingOffset === 0 ? {} : { backing: backingOf(header, cluster, extensions) }),
    ...(header.incompatible & INCOMPATIBLE.dataFile ? { dataFileName: named(dataFileName) } : {}),
  };
}

function backingOf(header: Qcow2Header, cluster: Uint8Array, extensions: readonly HeaderExtension[]) {
  const end = header.backingOffset + header.backingLength;
  if (end > cluster.byteLength) throw invalid('the backing file name lies outside the file');
  return {
    name: new TextDecoder().decode(cluster.subarray(header.backingOffset, end)),
    format: extensionText(extensions, EXTENSION.backingFormat),
  };
}

function named(dataFileName: string | undefined): string {
  if (dataFileName !== undefined) return dataFileName;
  throw new SendenseError(
    'FORMAT_UNSUPPORTED',
    'this QCOW2 image has an external data file that it does not name',
    {
      operation: 'open-image',
      remedy: 'store the name with "qemu-img amend -o data_file=NAME"',
    },
  );
}

async function readUpTo(handle: FileHandle, bytes: number): Promise<Uint8Array> {
  const into = new Uint8Array(bytes);
  return into.subarray(0, await handle.read(into, 0));
}
