import { type LogSink, SendenseError } from '@sendense/core';
import type { ListedObject } from '../store/object-store.ts';
import type { ObjectNames } from './object-names.ts';

/** One object as a service lists it. */
export type NamedObject = Omit<ListedObject, 'key'> & { readonly name: string };

/** What a listing is checked against. */
export type ListingRules = {
  readonly names: ObjectNames;
  readonly location: string;
  readonly log: LogSink;
  /** Only keys behind it. */
  readonly after: string;
};

/**
 * The objects of a service's listing by their keys. A listing out of order is `PROTOCOL_VIOLATION`: what relies on the order
 * would miss objects. Things under the prefix whose names are no keys are left out, and the log tells how many.
 */
export async function* checkedListing(
  objects: AsyncIterable<NamedObject>,
  { names, location, log, after }: ListingRules,
): AsyncGenerator<ListedObject> {
  let last = after;
  let strangers = 0;
  for await (const { name, ...status } of objects) {
    const key = names.keyOf(name);
    if (key === undefined) strangers += 1;
    else if (key > last) {
      last = key;
      yield { key, ...status };
    } else if (key !== after) throw outOfOrder(location, last, key);
  }
  if (strangers > 0)
    log({
      level: 'warn',
      message: `${location} holds ${strangers} things that are no objects of this store`,
      fields: { location, strangers },
    });
}

function outOfOrder(location: string, last: string, key: string): SendenseError {
  return new SendenseError(
    'PROTOCOL_VIOLATION',
    `${location} lists ${key} after ${last}: not in ascending order`,
    {
      operation: 'list-objects',
      context: { last, key },
      remedy: 'use a store that lists by name; S3 directory buckets do not',
    },
  );
}
