import { type LogSink, SendenseError } from '@sendense/core';
import type { ListedObject } from '../store/object-store.ts';
import type { ObjectNames } from './object-names.ts';

/** One object as a service lists it. */
export type NamedObject = Omit<ListedObject, 'key'> & { readonly name: string };

/** What a service says of one object; anything may be left out. */
export type ListedFields = {
  readonly name?: string | undefined;
  readonly sizeBytes?: number | undefined;
  readonly modifiedAt?: Date | undefined;
};

/**
 * The line of a listing, whole. Throws `PROTOCOL_VIOLATION` where something was left out: prune goes by the time of an object,
 * and one without would be as old as can be.
 */
export function namedObject({ name, sizeBytes, modifiedAt }: ListedFields, location: string): NamedObject {
  const isSize = sizeBytes !== undefined && Number.isSafeInteger(sizeBytes) && sizeBytes >= 0;
  const isTime = modifiedAt !== undefined && modifiedAt.getTime() > 0;
  if (name !== undefined && name !== '' && isSize && isTime) return { name, sizeBytes, modifiedAt };
  throw new SendenseError(
    'PROTOCOL_VIOLATION',
    `${location} lists an object without its name, size or time`,
    {
      operation: 'list-objects',
      context: { name: name ?? null },
      remedy: 'run "sendense-ctl repository validate" on the store',
    },
  );
}

/**
 * Where the next page of a listing begins; `undefined` behind the last one. Throws `PROTOCOL_VIOLATION` when there is more and
 * nothing tells where, or the same place again: objects would be missed.
 */
export function nextPage(
  isTruncated: boolean,
  next: string | undefined,
  last: string | undefined,
  location: string,
): string | undefined {
  if (!isTruncated) return undefined;
  if (next !== undefined && next !== '' && next !== last) return next;
  throw new SendenseError('PROTOCOL_VIOLATION', `${location} has more objects and does not tell where`, {
    operation: 'list-objects',
    remedy: 'run "sendense-ctl repository validate" on the store',
  });
}

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
