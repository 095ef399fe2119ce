import { wideText } from '../ntfs/wide-text.ts';
import { decodeName } from '../paths/entry-name.ts';

/** By which of the trees of a disc files are named: Rock Ridge has what POSIX knows, Joliet long names of Unicode. */
export type NameForm = 'rock-ridge' | 'joliet' | 'plain';

/** Text of 16-bit units, big-endian. */
export function wideName(bytes: Uint8Array): string {
  const units = Buffer.from(bytes.subarray(0, bytes.byteLength - (bytes.byteLength % 2)));
  return wideText(units.swap16());
}

/** The name that an identifier of a directory record stands for without Rock Ridge, as Linux shows it, in its own letters. */
export function nameOf(identifier: Uint8Array, form: NameForm): string {
  if (form === 'joliet') {
    const name = wideName(identifier).replace(/;1$/u, '');
    return name.replace(/(?<=.)\.+$/u, '');
  }
  return decodeName(identifier).replace(/\.?;1$/u, '');
}

/** Whether an identifier is that of a folder itself or of the one above it. */
export function isSelfOrParent(identifier: Uint8Array): boolean {
  return identifier.byteLength === 1 && (identifier[0] ?? 0) <= 1;
}
