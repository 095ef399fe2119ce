import { type Call, SendenseError } from '@sendense/core';
import type { PropertyPaths } from '../properties/filter-spec.ts';
import type { ObjectProperties } from '../properties/object-properties.ts';
import { readProperties } from '../properties/read-properties.ts';
import type { VimClient } from '../session/vim-client.ts';
import { managedObjectOf } from '../soap/read-element.ts';
import type { ManagedObject } from '../soap/vim-value.ts';
import { decodeName } from './parse-machine.ts';

/** Names of objects of the inventory, and of all that hold them. */
export type Names = {
  /** Name of the object itself. */
  readonly name: (object: ManagedObject | undefined) => string | undefined;
  /** Names from the top to the object itself, without the root: `DC0/vm/linux`. */
  readonly path: (object: ManagedObject | undefined) => string | undefined;
};

type Entry = { readonly name: string; readonly parent: ManagedObject | undefined };

/** Deeper folders than anybody makes: a server whose folders hold each other is not followed for ever. */
const MAX_DEPTH = 64;

/** Reads the names of objects and of their parents, one request for each level. One that is gone has none. */
export async function readNames(
  client: VimClient,
  objects: readonly (ManagedObject | undefined)[],
  call?: Call,
): Promise<Names> {
  const known = new Map<string, Entry>();
  let wanted = unknownOf(objects, known);
  for (let depth = 0; wanted.length > 0 && depth < MAX_DEPTH; depth += 1) {
    const paths = { type: 'ManagedEntity', paths: ['name', 'parent'] };
    const { read, gone } = await readThere(client, wanted, paths, call);
    for (const object of wanted)
      if (!gone.has(object.id)) known.set(object.id, { name: object.id, parent: undefined });
    for (const { object, values } of read) {
      const name = decodeName(values.get('name')?.text || object.id);
      known.set(object.id, { name, parent: managedObjectOf(values.get('parent')) });
    }
    wanted = unknownOf(
      read.map(({ object }) => known.get(object.id)?.parent),
      known,
    );
  }
  return {
    name: (object) => (object === undefined ? undefined : known.get(object.id)?.name),
    path: (object) => (object === undefined ? undefined : pathOf(object, known)),
  };
}

/**
 * Properties of those objects that are there. A server that misses one tells nothing of the others, so then they are asked for one by
 * one: a port group that was deleted is still what a network card names.
 */
async function readThere(
  client: VimClient,
  wanted: readonly ManagedObject[],
  paths: PropertyPaths,
  call?: Call,
): Promise<{ readonly read: readonly ObjectProperties[]; readonly gone: ReadonlySet<string> }> {
  try {
    return { read: await readProperties(client, wanted, paths, call), gone: new Set() };
  } catch (error) {
    if (!SendenseError.is(error, 'NOT_FOUND')) throw error;
    if (wanted.length === 1) return { read: [], gone: new Set(wanted.map(({ id }) => id)) };
  }
  const read: ObjectProperties[] = [];
  const gone = new Set<string>();
  for (const object of wanted) {
    const one = await readThere(client, [object], paths, call);
    read.push(...one.read);
    for (const id of one.gone) gone.add(id);
  }
  return { read, gone };
}

function unknownOf(
  objects: readonly (ManagedObject | undefined)[],
  known: ReadonlyMap<string, Entry>,
): ManagedObject[] {
  const unknown = new Map<string, ManagedObject>();
  for (const object of objects) {
    if (object !== undefined && !known.has(object.id)) unknown.set(object.id, object);
  }
  return [...unknown.values()];
}

function pathOf(object: ManagedObject, known: ReadonlyMap<string, Entry>): string {
  const names: string[] = [];
  let at: ManagedObject | undefined = object;
  for (let depth = 0; at !== undefined && depth < MAX_DEPTH; depth += 1) {
    const entry: Entry | undefined = known.get(at.id);
    // the root folder has no parent, and its name is never shown
    if (entry?.parent !== undefined) names.unshift(entry.name);
    at = entry?.parent;
  }
  return names.join('/');
}
