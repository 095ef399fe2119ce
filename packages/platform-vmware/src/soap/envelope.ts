import { SendenseError } from '@sendense/core';
import {
  childOf,
  element,
  parseXmlDocument,
  serializeXml,
  textOf,
  type XmlElement,
} from '@sendense/plugin-kit/xml';
import { localName, xsiTypeOf } from './read-element.ts';
import { encodeFields, type ManagedObject, type VimField } from './vim-value.ts';

/** The most bytes of a reply; a page of a hundred machines has some three million. */
export const MAX_REPLY_BYTES = 16 * 1024 * 1024;

const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const INSTANCE = 'http://www.w3.org/2001/XMLSchema-instance';
const SCHEMA = 'http://www.w3.org/2001/XMLSchema';

/** What the server answered: the element of the reply, or a fault. */
export type VimReply =
  | { readonly kind: 'result'; readonly response: XmlElement }
  | { readonly kind: 'fault'; readonly fault: VimFault };

/** A refusal. */
export type VimFault = {
  /** Type of the fault, e.g. `InvalidLogin`; `ServerFault` where the server gave none. */
  readonly name: string;
  /** The server's own sentence, as long as it is. */
  readonly message: string;
  /** The right that is missing, of `NoPermission`. */
  readonly privilege?: string;
  /** Id of the object that is not there, of `ManagedObjectNotFound`. */
  readonly object?: string;
};

/** The SOAP 1.1 message that calls `method` of `target`. `fields` are its parameters in the order of the WSDL. */
export function encodeRequest(method: string, target: ManagedObject, fields: readonly VimField[]): string {
  const call = element(method, { xmlns: 'urn:vim25' }, encodeFields([['_this', target], ...fields]));
  const namespaces = { 'xmlns:soapenv': SOAP, 'xmlns:xsi': INSTANCE, 'xmlns:xsd': SCHEMA };
  const envelope = element('soapenv:Envelope', namespaces, [element('soapenv:Body', {}, [call])]);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${serializeXml(envelope)}`;
}

/**
 * Reads the answer to `method`. Throws `FORMAT_INVALID` for what is no XML that may be read, `PROTOCOL_VIOLATION` for what
 * is no answer to it.
 */
export function decodeReply(text: string, method: string): VimReply {
  const root = parseXmlDocument(text, {
    what: 'a reply of vSphere',
    maxCharacters: MAX_REPLY_BYTES,
    remedy: 'check that the address is that of a vCenter or ESXi and that no proxy answers in its place',
  });
  const body = localName(root.name) === 'Envelope' ? named(root, 'Body') : undefined;
  const fault = body === undefined ? undefined : named(body, 'Fault');
  if (fault !== undefined) return { kind: 'fault', fault: decodeSoapFault(fault) };
  const response = body === undefined ? undefined : named(body, `${method}Response`);
  if (response !== undefined) return { kind: 'result', response };
  throw new SendenseError('PROTOCOL_VIOLATION', `the reply to ${method} is no answer to it`, {
    operation: 'decode-reply',
    context: { method },
    effect: 'unknown',
    remedy: 'check that the address is that of a vCenter or ESXi',
  });
}

/** The fault in the error of a task or of an update: `{ fault, localizedMessage }`. */
export function decodeLocalizedFault(error: XmlElement): VimFault {
  const fault = childOf(error, 'fault');
  return describe(fault, xsiTypeOf(fault), textOf(error, 'localizedMessage'));
}

function decodeSoapFault(fault: XmlElement): VimFault {
  const detail = named(fault, 'detail')?.children[0];
  const type = xsiTypeOf(detail) ?? (detail && localName(detail.name).replace(/Fault$/, ''));
  return describe(detail, type, textOf(fault, 'faultstring'));
}

function describe(detail: XmlElement | undefined, type: string | undefined, message = ''): VimFault {
  const privilege = textOf(detail, 'privilegeId');
  const object = textOf(detail, 'obj');
  return {
    name: type ?? 'ServerFault',
    message,
    ...(privilege === undefined ? {} : { privilege }),
    ...(object === undefined ? {} : { object }),
  };
}

/** The first child of that local name. */
function named(parent: XmlElement, name: string): XmlElement | undefined {
  return parent.children.find((child) => localName(child.name) === name);
}
