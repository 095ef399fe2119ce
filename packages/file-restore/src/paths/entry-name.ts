const LONE_BASE = 0xdc00;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text of a name that is bytes: UTF-8 where it is; else each byte that is none becomes the lone surrogate U+DC00 + byte,
 * so that every name has a text of its own, and `encodeName` gives the same bytes back.
 */
export function decodeName(bytes: Uint8Array): string {
  try {
    const text = utf8.decode(bytes);
    return text;
  } catch {
    return decodePieces(bytes);
  }
}

function decodePieces(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.byteLength; ) {
    const length = sequenceLength(bytes, at);
    text +=
      length === 0
        ? String.fromCharCode(LONE_BASE + (bytes[at] ?? 0))
        : utf8.decode(bytes.subarray(at, at + length));
    at += Math.max(1, length);
  }
  return text;
}

/** Bytes of the UTF-8 character at `at`; 0 when there is none. By the table of well-formed sequences of Unicode (3.9, D92). */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first < 0xc2 || first > 0xf4 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  for (let index = 1; index < length; index += 1) {
    const byte = bytes[at + index] ?? 0;
    if (index === 1 ? byte < least || byte > most : (byte & 0xc0) !== 0x80) return 0;
  }
  return length;
}

/** The bytes of a name; see {@link decodeName}. */
export function encodeName(text: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const isLone = code >= LONE_BASE + 0x80 && code <= LONE_BASE + 0xff;
    parts.push(isLone ? Uint8Array.of(code - LONE_BASE) : Buffer.from(character, 'utf8'));
  }
  return Buffer.concat(parts);
}

/** Whether a folder may hold a name: what is empty, `.`, `..` or has `/` or NUL in it would lead elsewhere. */
export function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\0]/u.test(name);
}
