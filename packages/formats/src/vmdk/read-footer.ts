import type { FileHandle } from '@sendense/plugin-kit/files';
import { MARKER, SECTOR_BYTES } from './constants.ts';
import { viewOf } from './field-reader.ts';
import { corrupt } from './format-error.ts';
import { type HostedHeader, parseHostedHeader } from './hosted-header.ts';

/** A header that says where the grain directory lies. */
export type PlacedHeader = HostedHeader & { readonly directoryOffset: number };

/** Marker of the footer, footer, end of the stream: the last three sectors. */
const FOOTER_BYTES = 3 * SECTOR_BYTES;

/**
 * The header itself when it says where the grain directory lies, else the footer at the end of the stream. Rejects with
 * `CORRUPT` when there is none (the file was cut short) or when it contradicts the header.
 */
export async function readFooter(header: HostedHeader, handle: FileHandle): Promise<PlacedHeader> {
  const { directoryOffset } = header;
  if (directoryOffset !== 'at-end') return { ...header, directoryOffset };
  const fileBytes = await handle.size();
  const bytes = new Uint8Array(FOOTER_BYTES);
  const count = fileBytes < FOOTER_BYTES ? 0 : await handle.read(bytes, fileBytes - FOOTER_BYTES);
  if (count !== FOOTER_BYTES || !isMarker(bytes, 0, MARKER.footer) || !isEnd(bytes))
    throw corrupt('the stream was cut short: it has no footer, which tells where everything lies');
  const footer = parseHostedHeader(bytes.subarray(SECTOR_BYTES, 2 * SECTOR_BYTES));
  const place = footer.directoryOffset;
  if (place === 'at-end') throw corrupt('its footer does not tell where the grain directory lies');
  const same = (['capacity', 'grainSectors', 'entriesPerTable', 'flags'] as const).every(
    (key) => footer[key] === header[key],
  );
  if (!same) throw corrupt('its header and its footer contradict each other');
  return { ...header, directoryOffset: place, redundantOffset: footer.redundantOffset };
}

function isMarker(bytes: Uint8Array, at: number, type: number): boolean {
  const view = viewOf(bytes);
  return view.getUint32(at + 8, true) === 0 && view.getUint32(at + 12, true) === type;
}

function isEnd(bytes: Uint8Array): boolean {
  const at = 2 * SECTOR_BYTES;
  return viewOf(bytes).getBigUint64(at, true) === 0n && isMarker(bytes, at, MARKER.endOfStream);
}
