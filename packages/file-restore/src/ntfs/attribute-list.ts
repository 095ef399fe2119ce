import { damaged } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';
import { type FileReference, readReference } from './file-reference.ts';
import { wideText } from './wide-text.ts';

// Layout: "NTFS Documentation" of the Linux-NTFS project, $ATTRIBUTE_LIST.
const HEADER_BYTES = 26;

/** Longest list that Windows makes: 256 KiB. */
export const MOST_LIST_BYTES = 256 * 1024;

/** Where an attribute, or a part of one, lies. */
export type ListedAttribute = {
  readonly type: number;
  readonly name: string;
  /** First cluster that the part maps. */
  readonly firstCluster: number;
  readonly place: FileReference;
  readonly instance: number;
};

/** The entries of an attribute list; each names another attribute, so that what they lead to is bounded by what there is. Throws `CORRUPT`. */
export function parseAttributeList(fields: Fields): ListedAttribute[] {
  const end = fields.bytes.byteLength;
  const listed: ListedAttribute[] = [];
  const seen = new Set<string>();
  for (let at = 0; at < end; ) {
    const length = at + HEADER_BYTES > end ? 0 : fields.u16(at + 4);
    if (length < HEADER_BYTES || at + length > end) throw damaged('an attribute list ends early');
    const entry = fields.part(at, length);
    const [nameAt, nameBytes] = [entry.u8(7), entry.u8(6) * 2];
    const place = readReference(entry, 16);
    if (nameAt + nameBytes > length || place === undefined)
      throw damaged('an attribute list names what cannot be');
    const instance = entry.u16(24);
    const key = `${place.record} ${instance}`;
    if (seen.has(key)) throw damaged('an attribute list names an attribute twice');
    seen.add(key);
    listed.push({
      type: entry.u32(0),
      name: wideText(entry.slice(nameAt, nameBytes)),
      firstCluster: entry.u64(8),
      place,
      instance,
    });
    at += length;
  }
  return listed;
}
