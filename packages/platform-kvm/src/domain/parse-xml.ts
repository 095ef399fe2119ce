import { SendenseError } from '@sendense/core';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { XmlElement } from './xml-element.ts';
import { decodeEntities } from './xml-entities.ts';

/** The longest document: libvirt itself sends no longer text (`REMOTE_STRING_MAX`, 4 MiB of UTF-8). */
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** Documents of libvirt are about ten deep. */
const MAX_DEPTH = 64;

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

function invalid(message: string, cause?: unknown): SendenseError {
  return new SendenseError('FORMAT_INVALID', `not a document of libvirt: ${message}`, {
    operation: 'parse-xml',
    remedy: 'give the XML as virsh prints it',
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * Reads an XML document of libvirt: at most 4 Mi characters and 64 elements deep, without a document type, so nothing
 * in it expands or is fetched. Throws `FORMAT_INVALID`.
 */
export function parseXml(text: string): XmlElement {
  if (text.length > MAX_CHARACTERS) throw invalid(`it has ${text.length} characters`);
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw invalid('it declares a document type');
  const nodes = parseNodes(text);
  const [root, ...others] = elementsOf(nodes, 1);
  if (root === undefined || others.length > 0) throw invalid('it does not have one root element');
  return root;
}

function parseNodes(text: string): unknown {
  try {
    const valid = XMLValidator.validate(text);
    if (valid !== true) throw invalid(`${valid.err.msg} (line ${valid.err.line})`);
    return parser.parse(text);
  } catch (error) {
    if (SendenseError.is(error)) throw error;
    throw invalid(error instanceof Error ? error.message : String(error), error);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function elementsOf(nodes: unknown, depth: number): XmlElement[] {
  if (depth > MAX_DEPTH) throw invalid(`elements are nested more than ${MAX_DEPTH} deep`);
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
