import type { FileHandle } from '@sendense/plugin-kit/files';
import { MAX_DESCRIPTOR_BYTES, SECTOR_BYTES } from './constants.ts';
import { type Descriptor, parseDescriptor } from './descriptor.ts';
import { isDescriptor } from './descriptor-text.ts';
import { invalid, unsupported } from './format-error.ts';
import { type HostedHeader, parseHostedHeader } from './hosted-header.ts';
import { readHeadBytes, sparseKind } from './open-sparse-extent.ts';

/** What an image says of itself: a text of its own, or one inside its only extent. */
export type VmdkHead = {
  readonly descriptor: Descriptor;
  /** The header of the extent that the descriptor is embedded in. */
  readonly header?: HostedHeader;
};

/**
 * Reads and checks the header and the descriptor of an image. Rejects with `FORMAT_INVALID`, or `FORMAT_UNSUPPORTED` by
 * name; an extent of a disk of several files is refused, because its descriptor is another file.
 */
export async function readVmdkHead(handle: FileHandle): Promise<VmdkHead> {
  const head = await readHeadBytes(handle);
  const kind = sparseKind(head);
  if (kind === 'hosted') return await embeddedHead(parseHostedHeader(head), handle);
  if (kind !== undefined) throw extentOnly(kind === 'cowd' ? 'COWD' : 'SESparse');
  if (!isDescriptor(head)) throw invalid('it begins neither as a descriptor nor as an extent');
  return { descriptor: parseDescriptor(await readText(handle, 0, (await handle.size()) + 1)) };
}

async function embeddedHead(header: HostedHeader, handle: FileHandle): Promise<VmdkHead> {
  const { descriptorOffset, descriptorSectors, capacity } = header;
  if (descriptorOffset === 0 || descriptorSectors === 0) throw extentOnly('sparse');
  if (capacity === 0) throw unsupported('is an empty extent with the descriptor of other files');
  const text = await readText(handle, descriptorOffset * SECTOR_BYTES, descriptorSectors * SECTOR_BYTES);
  const descriptor = parseDescriptor(text);
  const [extent] = descriptor.extents;
  if (descriptor.extents.length !== 1 || extent?.type !== 'SPARSE')
    throw unsupported(`embeds the descriptor of ${descriptor.extents.length} extents`);
  if (extent.sectors !== capacity)
    throw invalid(`its header has ${capacity} sectors and its descriptor ${extent.sectors}`);
  return { descriptor, header };
}

async function readText(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.min(length, MAX_DESCRIPTOR_BYTES + 1));
  return bytes.subarray(0, await handle.read(bytes, position));
}

function extentOnly(kind: string) {
  return unsupported(
    `is one ${kind} extent of a disk, without its descriptor`,
    'open the descriptor: the small text file NAME.vmdk beside it',
  );
}
