import { EXTENSION, SECTOR_BYTES } from './constants.ts';
import { unsupported } from './format-error.ts';
import type { Qcow2Header } from './header.ts';
import { type HeaderExtension, serializeHeaderExtensions } from './header-extensions.ts';

/** How to bring a header to a new state: at most one write beside it, made durable first, then one sector. */
export type HeaderUpdate = {
  readonly before?: { readonly position: number; readonly bytes: Uint8Array };
  readonly sector: Uint8Array;
};

/**
 * Plans to replace the extensions and the autoclear bits of the header in `cluster` (the first cluster of the file).
 * Everything changes with the first sector, which storage writes as a whole. So all extensions must fit into it: the
 * optional feature names are left out when they do not, and a backing file name in the way is moved behind. Throws
 * `FORMAT_UNSUPPORTED` when that is not enough.
 */
export function planHeaderUpdate(
  cluster: Uint8Array,
  header: Qcow2Header,
  extensions: readonly HeaderExtension[],
  autoclear: bigint,
): HeaderUpdate {
  const all = serializeHeaderExtensions(extensions);
  const needed = serializeHeaderExtensions(extensions.filter(({ type }) => type !== EXTENSION.featureNames));
  const room = SECTOR_BYTES - header.headerBytes;
  const chosen = all.byteLength <= room ? all : needed;
  if (chosen.byteLength > room) throw unsupported('has no room in its header for bitmaps');
  const end = header.headerBytes + chosen.byteLength;
  const sector = cluster.slice(0, SECTOR_BYTES);
  sector.set(chosen, header.headerBytes);
  const view = new DataView(sector.buffer);
  view.setBigUint64(88, autoclear);
  const name = cluster.slice(header.backingOffset, header.backingOffset + header.backingLength);
  if (header.backingOffset === 0 || header.backingOffset >= end) return { sector };
  const inSector = end + name.byteLength <= SECTOR_BYTES;
  const position = inSector ? end : Math.max(SECTOR_BYTES, header.backingOffset + name.byteLength);
  if (position + name.byteLength > cluster.byteLength)
    throw unsupported('has no room in its header for bitmaps');
  view.setBigUint64(8, BigInt(position));
  if (!inSector) return { before: { position, bytes: name }, sector };
  sector.set(name, position);
  return { sector };
}
