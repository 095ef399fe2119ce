import { damaged } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';
import type { FileType } from '../file-system-reader.ts';
import { ITEM, type Key, LAST_PLAIN, readKey, TREE } from './key.ts';

// Layout: "On-disk Format" of the btrfs documentation, DIR_ITEM and DIR_INDEX.
const HEAD_BYTES = 30;
/** Set of folders whose names are encrypted. */
const ENCRYPTED = 0x80;
const TYPES: readonly (FileType | undefined)[] = [
  undefined,
  'file',
  'directory',
  'char-device',
  'block-device',
  'fifo',
  'socket',
  'symlink',
];

/** A name in a folder, and what it stands for: an inode of the same subvolume, or another subvolume. */
export type NamedItem = {
  readonly name: Uint8Array;
  readonly target: Key & { readonly type: typeof ITEM.inode | typeof ITEM.rootItem };
  readonly type: FileType | undefined;
};

/** All names of an item: of names whose hashes are the same there are several. Throws `CORRUPT` for damaged ones. */
export function parseNames(data: Fields): NamedItem[] {
  const names: NamedItem[] = [];
  const size = data.bytes.byteLength;
  for (let at = 0; at < size; ) {
    const head = at + HEAD_BYTES;
    if (head > size) throw damaged('a name in a folder is cut off');
    const nameBytes = data.u16(at + 27);
    const end = head + nameBytes + data.u16(at + 25);
    const target = readKey(data, at);
    if (nameBytes === 0 || end > size || !isTarget(target)) throw damaged('a name in a folder is damaged');
    const type = TYPES[data.u8(at + 29) & ~ENCRYPTED];
    names.push({ name: data.slice(head, nameBytes), target, type });
    at = end;
  }
  return names;
}

/** Numbers of subvolumes begin behind those of the trees that are always there. */
function isTarget(key: Key): key is NamedItem['target'] {
  if (key.objectId >= LAST_PLAIN) return false;
  return key.type === ITEM.inode || (key.type === ITEM.rootItem && key.objectId >= TREE.firstSubvolume);
}
