import { childOf, childrenOf, textOf, type XmlElement } from '@sendense/plugin-kit/xml';
import type { ManagedObject } from './vim-value.ts';

/** A name without its namespace prefix, which servers choose as they like. */
export function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** The `xsi:type` of an element without its prefix: which of several types it has. */
export function xsiTypeOf(value: XmlElement | undefined): string | undefined {
  for (const [name, text] of value?.attributes ?? []) {
    if (name.includes(':') && localName(name) === 'type') return localName(text);
  }
  return undefined;
}

/** The managed object that an element names. */
export function managedObjectOf(value: XmlElement | undefined): ManagedObject | undefined {
  const type = value?.attributes.get('type');
  if (value === undefined || type === undefined || value.text === '') return undefined;
  return { type, id: value.text };
}

/** The managed object in a field. */
export function objectIn(parent: XmlElement | undefined, name: string): ManagedObject | undefined {
  return managedObjectOf(childOf(parent, name));
}

/** A whole number in a field that a JavaScript number holds exactly. */
export function integerIn(parent: XmlElement | undefined, name: string): number | undefined {
  return wholeNumberOf(childOf(parent, name));
}

/** The whole number that an element holds. */
export function wholeNumberOf(value: XmlElement | undefined): number | undefined {
  const text = value?.text;
  if (text === undefined || !/^-?\d{1,16}$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Whether a field is true; absent is false. */
export function flagIn(parent: XmlElement | undefined, name: string): boolean {
  const text = textOf(parent, name);
  return text === 'true' || text === '1';
}

/**
 * The items of an array property (`ArrayOfVirtualDevice` holds `VirtualDevice`) or of a field that may stand many times:
 * one, many or none are all a list.
 */
export function itemsOf(parent: XmlElement | undefined, name: string): readonly XmlElement[] {
  return childrenOf(parent, name);
}
