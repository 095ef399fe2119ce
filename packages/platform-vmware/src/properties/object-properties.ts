import { childOf, textOf, type XmlElement } from '@sendense/plugin-kit/xml';
import { itemsOf, managedObjectOf } from '../soap/read-element.ts';
import type { ManagedObject } from '../soap/vim-value.ts';

/** An object with the properties that were read; what its server does not let the user see is missing. */
export type ObjectProperties = {
  readonly object: ManagedObject;
  /** Value by path. */
  readonly values: ReadonlyMap<string, XmlElement>;
  /** Paths that the server withheld, e.g. for want of a right. */
  readonly missing: readonly string[];
};

/** Reads `ObjectContent` elements. One without an object is left out. */
export function parseObjectContents(contents: readonly XmlElement[]): ObjectProperties[] {
  return contents.flatMap((content) => {
    const object = managedObjectOf(childOf(content, 'obj'));
    if (object === undefined) return [];
    const missing = itemsOf(content, 'missingSet').flatMap((item) => textOf(item, 'path') ?? []);
    return [{ object, values: valuesOf(itemsOf(content, 'propSet')), missing }];
  });
}

/** Values by name out of `DynamicProperty` or `PropertyChange` elements. */
export function valuesOf(properties: readonly XmlElement[]): ReadonlyMap<string, XmlElement> {
  const values = new Map<string, XmlElement>();
  for (const property of properties) {
    const name = textOf(property, 'name');
    const found = childOf(property, 'val');
    if (name !== undefined && found !== undefined) values.set(name, found);
  }
  return values;
}
