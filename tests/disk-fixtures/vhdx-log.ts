import { type FieldRow, StructureBytes } from './structure-bytes.ts';
import { VHDX } from './vhdx-frame.ts';

/** Bytes of a page: what a log writes at once, and what its entries consist of. */
export const LOG_PAGE = 4096;

/** One change that a log entry makes: the bytes of a page, or zeros over several. */
export type LogChange =
  | { readonly at: number; readonly page: Uint8Array }
  | { readonly at: number; readonly zeros: number };

/** One entry of the log of a VHDX. */
export type LogEntry = {
  readonly id: Uint8Array;
  readonly sequence: number;
  /** Pages from the start of the log to the first entry that is still needed. */
  readonly tailPage: number;
  readonly changes: readonly LogChange[];
  readonly flushedBytes: number;
  readonly lastBytes: number;
  /** All of it reached the disk but for 512 bytes in its last page: only the checksum tells. */
  readonly torn?: true;
};

/** Writes an entry from `page` of the log on, around its end if need be. Gives the page behind it. */
export function writeLogEntry(file: StructureBytes, page: number, entry: LogEntry): number {
  const name = `log entry ${entry.sequence}`;
  const made = new StructureBytes(file.file, 'little');
  const pages = fillEntry(made, name, entry);
  made.seal({ at: 0, length: made.length, checksumAt: 4, kind: 'crc32c' });
  const bytes = made.bytes();
  if (entry.torn) bytes.fill(0, bytes.byteLength - 1024, bytes.byteLength - 512);
  const ring = VHDX.logBytes / LOG_PAGE;
  for (let index = 0; index < pages; index += 1) {
    const place = VHDX.logAt + ((page + index) % ring) * LOG_PAGE;
    file.data(place, bytes.subarray(index * LOG_PAGE, (index + 1) * LOG_PAGE));
  }
  const start = VHDX.logAt + page * LOG_PAGE;
  if (page + pages <= ring && entry.torn !== true) {
    for (const field of made.fields) file.fields.push({ ...field, at: start + field.at });
    file.seal({ at: start, length: bytes.byteLength, checksumAt: start + 4, kind: 'crc32c' });
  }
  return (page + pages) % ring;
}

/** Header and descriptors, filled up to a page, then one page for each data descriptor. */
function fillEntry(made: StructureBytes, name: string, entry: LogEntry): number {
  const { changes, sequence } = entry;
  const headPages = Math.ceil((64 + changes.length * 32) / LOG_PAGE);
  const data = changes.flatMap((change) => ('page' in change ? [change.page] : []));
  const pages = headPages + data.length;
  made.reach(pages * LOG_PAGE);
  made.rows(0, name, [
    ['signature', 4, 'loge'],
    ['checksum', 4, 0],
    ['length', 4, pages * LOG_PAGE],
    ['tail', 4, entry.tailPage * LOG_PAGE],
    ['sequence', 8, sequence],
    ['count', 4, changes.length],
    ['reserved', 4, 0],
    ['log id', 16, entry.id],
    ['flushed', 8, entry.flushedBytes],
    ['last', 8, entry.lastBytes],
  ]);
  for (const [index, change] of changes.entries()) {
    made.rows(64 + index * 32, `${name} descriptor ${index}`, descriptor(change, sequence));
  }
  for (const [index, page] of data.entries()) {
    const at = (headPages + index) * LOG_PAGE;
    made.rows(at, `${name} data ${index}`, [
      ['signature', 4, 'data'],
      ['sequence high', 4, Math.floor(sequence / 2 ** 32)],
    ]);
    made.data(at + 8, page.subarray(8, LOG_PAGE - 4));
    made.rows(at + LOG_PAGE - 4, `${name} data ${index}`, [['sequence low', 4, sequence % 2 ** 32]]);
  }
  return pages;
}

/** A data descriptor keeps the first 8 bytes and the last 4 of its page, as its sector has other things there. */
function descriptor(change: LogChange, sequence: number): FieldRow[] {
  const own: FieldRow[] =
    'zeros' in change
      ? [
          ['signature', 4, 'zero'],
          ['reserved', 4, 0],
          ['length', 8, change.zeros],
        ]
      : [
          ['signature', 4, 'desc'],
          ['trailing', 4, change.page.subarray(LOG_PAGE - 4)],
          ['leading', 8, change.page.subarray(0, 8)],
        ];
  return [...own, ['file offset', 8, change.at], ['sequence', 8, sequence]];
}
