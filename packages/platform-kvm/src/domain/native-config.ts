import type { Artifact } from '@sendense/core';
import { serializeXml, type XmlElement } from '@sendense/plugin-kit/xml';
import { parseXml } from './parse-xml.ts';

/** Attributes that hold a secret: `<graphics passwd=…>`, the only one that the XML of a domain itself can hold. */
const SECRET_ATTRIBUTES: ReadonlySet<string> = new Set(['passwd', 'passwdValidTo']);

/**
 * The whole XML of a domain for the `native-config` artifact: everything that the neutral model has no place for. Passwords
 * are taken out. Throws `FORMAT_INVALID`.
 */
export function nativeConfigOf(xml: string): Artifact {
  const bytes = new TextEncoder().encode(serializeXml(withoutSecrets(parseXml(xml))));
  return { name: 'native-config', sensitive: false, sizeBytes: bytes.byteLength, bytes: async () => bytes };
}

function withoutSecrets(at: XmlElement): XmlElement {
  return {
    ...at,
    attributes: new Map([...at.attributes].filter(([name]) => !SECRET_ATTRIBUTES.has(name))),
    children: at.children.map(withoutSecrets),
  };
}
