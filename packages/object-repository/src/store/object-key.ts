import { SendenseError } from '@sendense/core';

const MAX_KEY_BYTES = 512;
const KEY = /^(?!(?:.*\/)?\.{1,2}(?:\/|$))[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;

/** The key, when it is one that every store takes; see `ObjectStore`. Throws `CONFIG_INVALID`. */
export function checkKey(key: string): string {
  if (key.length <= MAX_KEY_BYTES && KEY.test(key) && !key.startsWith('.')) return key;
  throw new SendenseError('CONFIG_INVALID', `not a key of an object: ${JSON.stringify(key.slice(0, 80))}`, {
    operation: 'check-key',
  });
}
