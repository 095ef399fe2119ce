import { SendenseError } from '@sendense/core';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { XmlElement } from './xml-element.ts';
import { decodeEntities } from './xml-entities.ts';

/** Elements deep; the documents that are read here have some twenty. */
const MAX_DEPTH = 64;

/** Whose documents are read, and how long they may be. */
export type XmlLimits = {
  /** With its article, for the error: `a document of libvirt`. */
  readonly what: string;
  readonly maxCharacters: number;
  readonly remedy: string;
};

const TEXT = '#text';
const CDATA = '#cdata';
const ATTRIBUTES = ':@';

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  textNodeName: TEXT,
  cdataPropName: CDATA,
  ignoreDeclaration: true,
  ignorePiTags: true,
  processEntities: false,
  maxNestedTags: MAX_DEPTH,
});

/**
 * Reads an XML document: at most `maxCharacters` long and 64 elements deep, without a document type, so nothing in it
 * expands or is fetched. Throws `FORMAT_INVALID`.
 */
export function parseXmlDocument(text: string, limits: XmlLimits): XmlElement {
  try {
    return rootOf(text, limits.maxCharacters);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SendenseError('FORMAT_INVALID', `not ${limits.what}: ${reason}`, {
      operation: 'parse-xml',
      remedy: limits.remedy,
      cause: error,
    });
  }
}

function rootOf(text: string, maxCharacters: number): XmlElement {
  if (text.length > maxCharacters) throw new Error(`it has ${text.length} characters`);
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw new Error('it declares a document type');
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new Error(`${valid.err.msg} (line ${valid.err.line})`);
  const [root, ...others] = elementsOf(parser.parse(text), 1);
  if (root === undefined || others.length > 0) throw new Error('it does not have one root element');
  return root;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function elementsOf(nodes: unknown, depth: number): XmlElement[] {
  if (depth > MAX_DEPTH) throw new Error(`elements are nested more than ${MAX_DEPTH} deep`);
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node: unknown) => {
    const name = isRecord(node) ? nameOf(node) : undefined;
    if (!isRecord(node) || name === undefined) return [];
    const content = node[name];
    return [
      {
        name,
        attributes: attributesOf(node[ATTRIBUTES]),
        children: elementsOf(content, depth + 1),
        text: textIn(content).trim(),
      },
    ];
  });
}

function nameOf(node: Readonly<Record<string, unknown>>): string | undefined {
  return Object.keys(node).find((key) => key !== ATTRIBUTES && key !== TEXT && key !== CDATA);
}

function attributesOf(value: unknown): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  if (!isRecord(value)) return attributes;
  for (const [name, text] of Object.entries(value)) {
    if (typeof text === 'string') attributes.set(name, decodeEntities(text));
  }
  return attributes;
}

function textIn(nodes: unknown): string {
  if (!Array.isArray(nodes)) return '';
  return nodes
    .map((node: unknown) => {
      if (!isRecord(node)) return '';
      const text = node[TEXT];
      return typeof text === 'string' ? decodeEntities(text) : textLiterally(node[CDATA]);
    })
    .join('');
}

/** The text of a CDATA section, in which an ampersand is an ampersand. */
function textLiterally(nodes: unknown): string {
  if (!Array.isArray(nodes)) return '';
  return nodes
    .map((node: unknown) => (isRecord(node) && typeof node[TEXT] === 'string' ? node[TEXT] : ''))
    .join('');
}
