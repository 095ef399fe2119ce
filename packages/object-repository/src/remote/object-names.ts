import { checkKey } from '../store/object-key.ts';

/** Whether `key` is one that an object store takes: see `ObjectStore`. */
function isObjectKey(key: string): boolean {
  try {
    checkKey(key);
    return true;
  } catch {
    return false;
  }
}

/** Whether `prefix` is what {@link objectNames} takes. */
export function isObjectPrefix(prefix: string): boolean {
  return prefix === '' || isObjectKey(prefix);
}

/** The names of objects below a prefix of a bucket or container. */
export type ObjectNames = {
  /** Throws `CONFIG_INVALID` for what is not a key. */
  nameOf(key: string): string;
  /** The name that all names of keys with this beginning have. */
  namePrefixOf(keyPrefix: string): string;
  /** `undefined` for the name of something that is not an object of this store. */
  keyOf(name: string): string | undefined;
};

/** `prefix` is made of segments as a key is, or empty. Throws `CONFIG_INVALID` for another one. */
export function objectNames(prefix: string): ObjectNames {
  if (prefix !== '') checkKey(prefix);
  const before = prefix === '' ? '' : `${prefix}/`;
  return {
    nameOf(key) {
      checkKey(key);
      return before + key;
    },
    namePrefixOf: (keyPrefix) => before + keyPrefix,
    keyOf(name) {
      const key = name.startsWith(before) ? name.slice(before.length) : '';
      return isObjectKey(key) ? key : undefined;
    },
  };
}
