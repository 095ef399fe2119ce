import { parseXmlDocument, type XmlElement } from '@sendense/plugin-kit/xml';

/** Libvirt itself sends no longer text (`REMOTE_STRING_MAX`, 4 MiB of UTF-8). */
const LIBVIRT = {
  what: 'a document of libvirt',
  maxCharacters: 4 * 1024 * 1024,
  remedy: 'give the XML as virsh prints it',
};

/** Reads an XML document of libvirt: at most 4 Mi characters; see `parseXmlDocument`. Throws `FORMAT_INVALID`. */
export function parseXml(text: string): XmlElement {
  return parseXmlDocument(text, LIBVIRT);
}
