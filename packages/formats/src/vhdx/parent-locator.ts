import { companionNames } from '../windows-names.ts';
import { VHDX_LOCATOR } from './constants.ts';
import { corrupt, unsupported } from './format-error.ts';
import { guidAt } from './guid.ts';

const HEADER_BYTES = 20;
const ENTRY_BYTES = 12;

/** Keys that name the parent, best first. */
const PATH_KEYS = ['relative_path', 'volume_path', 'absolute_win32_path'];

/** What a differencing disk says of its parent. */
export type ParentLink = {
  /** Names to look for it by, best first. */
  readonly names: readonly string[];
  /** What its data write GUID may be: while the parent is being changed there are two. */
  readonly linkage: readonly string[];
};

/** Reads the item "parent locator". Throws `FORMAT_UNSUPPORTED` for locators of other types. */
export function parseParentLocator(item: DataView): ParentLink {
  if (item.byteLength < HEADER_BYTES) throw corrupt('its parent locator is cut off');
  const type = guidAt(item, 0);
  if (type !== VHDX_LOCATOR) throw unsupported(`names its parent in a way of type ${type}, which is unknown`);
  const values = new Map<string, string>();
  for (let index = 0; index < item.getUint16(18, true); index += 1) {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    if (at + ENTRY_BYTES > item.byteLength) throw corrupt('its parent locator is cut off');
    const key = textAt(item, item.getUint32(at, true), item.getUint16(at + 8, true));
    values.set(key.toLowerCase(), textAt(item, item.getUint32(at + 4, true), item.getUint16(at + 10, true)));
  }
  const linkage = ['parent_linkage', 'parent_linkage2'].flatMap((key) => values.get(key) ?? []);
  if (linkage.length === 0) throw corrupt('its parent locator does not say which content its parent has');
  const names = PATH_KEYS.flatMap((key) => companionNames(values.get(key) ?? ''));
  return {
    names: [...new Set(names)],
    linkage: linkage.map((guid) => guid.replace(/[{}]/g, '').toLowerCase()),
  };
}

function textAt(item: DataView, offset: number, length: number): string {
  if (offset + length > item.byteLength) throw corrupt('a name in its parent locator lies outside it');
  const bytes = new Uint8Array(item.buffer, item.byteOffset + offset, length);
  return new TextDecoder('utf-16le').decode(bytes).replace(/\0.*$/s, '');
}
