import { randomUUID } from 'node:crypto';

/** Says "none" where a GUID may be missing. */
export const NO_GUID = '00000000-0000-0000-0000-000000000000';

/** How many bytes each part of the text takes, and whether they are stored backwards. */
const PARTS = [
  [4, true],
  [2, true],
  [2, true],
  [2, false],
  [6, false],
] as const;

/** The GUID at `at` as text in lower case, without braces. */
export function guidAt(view: DataView, at: number): string {
  let position = view.byteOffset + at;
  return PARTS.map(([length, isBackwards]) => {
    const bytes = [...new Uint8Array(view.buffer, position, length)];
    position += length;
    return Buffer.from(isBackwards ? bytes.toReversed() : bytes).toString('hex');
  }).join('-');
}

/** The 16 bytes of a GUID in text. */
export function guidBytes(guid: string): Uint8Array {
  const parts = guid.split('-').map((part, index) => {
    const bytes = new Uint8Array(Buffer.from(part, 'hex'));
    return PARTS[index]?.[1] === true ? bytes.toReversed() : bytes;
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** A GUID that nobody else has. */
export function newGuid(): string {
  return randomUUID();
}
