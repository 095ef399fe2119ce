import type { DiskFormat } from '@sendense/core';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { statusOf } from './chain/open-chain.ts';
import { isQcow2 } from './qcow2/header.ts';

/** Bytes that tell the formats apart. */
const PROBE_BYTES = 512;

/** The VHD footer: its cookie is the last sector's, of 511 bytes in files of the first versions, and of the front copy. */
const VHD_COOKIE = 'conectix';
const VHD_FOOTER_BYTES = [512, 511];

/** First line of a VMDK descriptor, in a file of its own; writers differ in capitals. */
const VMDK_DESCRIPTOR = /^\s*# *disk descriptorfile/i;

/** By first bytes: VMDK sparse and COWD extents, the `0xcafebabe` of SESparse (little-endian), VHDX, the VHD front copy. */
const MAGICS: readonly (readonly [magic: string, format: DiskFormat])[] = [
  ['KDMV', 'vmdk'],
  ['COWD', 'vmdk'],
  ['\xbe\xba\xfe\xca\0\0\0\0', 'vmdk'],
  ['vhdxfile', 'vhdx'],
  [VHD_COOKIE, 'vhd'],
];

/**
 * Guesses the format of a file from its first bytes, and of a VHD from its last; what is nothing else is `raw`. A guess is
 * not proof: a guest can write any header into its own raw disk, so state the format wherever it is known. Rejects with
 * `CONFIG_INVALID` for what is neither a file nor a block device, without opening it.
 */
export async function probeFormat(
  path: string,
  options: { readonly fileSystem?: FileSystem } = {},
): Promise<DiskFormat> {
  const { fileSystem = nodeFileSystem } = options;
  await statusOf(path, fileSystem);
  await using handle = await fileSystem.open(path, 'read');
  const bytes = new Uint8Array(PROBE_BYTES);
  const count = await handle.read(bytes, 0);
  const found = formatOfFront(bytes.subarray(0, count));
  if (found !== undefined) return found;
  const sizeBytes = await handle.size();
  for (const footerBytes of VHD_FOOTER_BYTES) {
    if (sizeBytes < footerBytes) continue;
    const cookie = bytes.subarray(0, VHD_COOKIE.length);
    const read = await handle.read(cookie, sizeBytes - footerBytes);
    if (latin1(cookie.subarray(0, read)) === VHD_COOKIE) return 'vhd';
  }
  return 'raw';
}

function formatOfFront(bytes: Uint8Array): DiskFormat | undefined {
  if (isQcow2(bytes)) return 'qcow2';
  const text = latin1(bytes);
  const [, format] = MAGICS.find(([magic]) => text.startsWith(magic)) ?? [];
  return format ?? (VMDK_DESCRIPTOR.test(text) ? 'vmdk' : undefined);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
