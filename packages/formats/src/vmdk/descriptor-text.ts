import { invalid, unsupported } from './format-error.ts';

/** What a descriptor begins with, in any case and behind a byte order mark or blanks. */
const FIRST_LINE = /^(\xEF\xBB\xBF)?\s*#\s*Disk\s*DescriptorFile/i;
const ENCODING = /^[ \t]*encoding[ \t]*=[ \t]*"?([A-Za-z0-9_.:-]{1,40})"?[ \t]*\r?$/im;

/** Whether `bytes` begin as a descriptor does. */
export function isDescriptor(bytes: Uint8Array): boolean {
  return FIRST_LINE.test(asciiOf(bytes.subarray(0, 128)));
}

/**
 * The text of a descriptor up to its first NUL, in the encoding that it states (UTF-8 when it states none). Throws
 * `FORMAT_UNSUPPORTED` for an encoding that is unknown here and `FORMAT_INVALID` for bytes that it does not have.
 */
export function decodeDescriptor(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const text = end === -1 ? bytes : bytes.subarray(0, end);
  const encoding = ENCODING.exec(asciiOf(text))?.[1] ?? 'UTF-8';
  const decoder = decoderFor(encoding);
  try {
    return decoder.decode(text);
  } catch {
    throw invalid(`its descriptor is no ${encoding} text`);
  }
}

function decoderFor(encoding: string) {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch {
    throw unsupported(
      `has a descriptor in the encoding ${JSON.stringify(encoding)}, which is unknown here`,
      'save the descriptor as UTF-8 and change its line "encoding"',
    );
  }
}

/** Each byte as one character: the keys of a descriptor are ASCII in every encoding that VMware writes. */
function asciiOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
