import type { XmlElement } from './xml-element.ts';
import { encodeEntities } from './xml-entities.ts';

/** The document of an element, indented by two spaces as libvirt does. */
export function serializeXml(root: XmlElement, indent = ''): string {
  const attributes = [...root.attributes].map(([name, value]) => ` ${name}="${encodeEntities(value)}"`);
  const start = `${indent}<${root.name}${attributes.join('')}`;
  if (root.text !== '') return `${start}>${encodeEntities(root.text)}</${root.name}>\n`;
  if (root.children.length === 0) return `${start}/>\n`;
  const children = root.children.map((child) => serializeXml(child, `${indent}  `));
  return `${start}>\n${children.join('')}${indent}</${root.name}>\n`;
}
