import { element, type XmlElement } from '@sendense/plugin-kit/xml';

/** A managed object of the server: its type, e.g. `VirtualMachine`, and its id, e.g. `vm-42`. */
export type ManagedObject = { readonly type: string; readonly id: string };

/** A data object: fields in the order of the WSDL, inherited ones first, because servers refuse another order. */
export type VimObject = { readonly xsiType?: string; readonly fields: readonly VimField[] };

/** A simple value where any type may stand: `xsd:string` and the like. */
export type VimTyped = { readonly xsiType: `xsd:${string}`; readonly text: string };

/** A value of a field; of a list each item becomes an element, and `undefined` is left out. */
export type VimValue =
  | string
  | number
  | boolean
  | ManagedObject
  | VimObject
  | VimTyped
  | readonly VimValue[]
  | undefined;

/** A field by name. */
export type VimField = readonly [name: string, value: VimValue];

/** A data object; `xsiType` where the declared type is one of several that fit. */
export function vimObject(fields: readonly VimField[], xsiType?: string): VimObject {
  return xsiType === undefined ? { fields } : { xsiType, fields };
}

/** The elements of fields, in their order. */
export function encodeFields(fields: readonly VimField[]): XmlElement[] {
  return fields.flatMap(([name, value]) => encodeField(name, value));
}

function encodeField(name: string, value: VimValue): XmlElement[] {
  if (value === undefined) return [];
  if (isList(value)) return value.flatMap((item) => encodeField(name, item));
  if (typeof value !== 'object') return [element(name, {}, String(value))];
  if ('fields' in value) return [element(name, { 'xsi:type': value.xsiType }, encodeFields(value.fields))];
  if ('text' in value) return [element(name, { 'xsi:type': value.xsiType }, value.text)];
  return [element(name, { type: value.type }, value.id)];
}

function isList(value: VimValue): value is readonly VimValue[] {
  return Array.isArray(value);
}
