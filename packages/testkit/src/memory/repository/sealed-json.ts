import { SendenseError } from '@sendense/core';
import type { Blake3 } from '@sendense/plugin-kit/digest';

const DIGEST_CHARACTERS = 64;

/** JSON that knows when it was damaged: its own BLAKE3 in hex, a line feed, the JSON. */
export function serializeSealed(value: unknown, blake3: Blake3): Uint8Array {
  const json = Buffer.from(JSON.stringify(value));
  return Buffer.concat([Buffer.from(`${Buffer.from(blake3(json)).toString('hex')}\n`), json]);
}

/** Reads what {@link serializeSealed} wrote; throws `CORRUPT` naming `key` when any bit of it changed. */
export function parseSealed(key: string, bytes: Uint8Array, blake3: Blake3): unknown {
  const json = bytes.subarray(DIGEST_CHARACTERS + 1);
  const claimed = Buffer.from(bytes.subarray(0, DIGEST_CHARACTERS + 1)).toString('latin1');
  if (claimed === `${Buffer.from(blake3(json)).toString('hex')}\n`) {
    return JSON.parse(Buffer.from(json).toString());
  }
  throw new SendenseError('CORRUPT', `${key} does not match its digest`, {
    operation: 'read-record',
    context: { object: key },
    remedy: 'run verify to see what is damaged, and restore another point',
  });
}
