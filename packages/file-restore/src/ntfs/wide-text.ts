import { decodeName } from '../paths/entry-name.ts';

/**
 * Text of 16-bit units, little-endian, as `decodeName` makes names: a surrogate without its other half becomes the three bytes that
 * would be its UTF-8, which are none, so that each name has a text of its own.
 */
export function wideText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf16le');
  return text.isWellFormed() ? text : decodeName(Buffer.concat(Array.from(text, bytesOf)));
}

function bytesOf(character: string): Uint8Array {
  if (character.isWellFormed()) return Buffer.from(character);
  const unit = character.charCodeAt(0);
  return Uint8Array.of(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
}
