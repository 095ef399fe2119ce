import { type Call, SendenseError } from '@sendense/core';
import { childOf, textOf } from '@sendense/plugin-kit/xml';
import { readProperties } from '../properties/read-properties.ts';
import type { VimClient } from '../session/vim-client.ts';
import { flagIn, managedObjectOf } from '../soap/read-element.ts';
import type { ManagedObject } from '../soap/vim-value.ts';

/** A datastore and where it stands. */
export type VimDatastore = {
  readonly object: ManagedObject;
  /** As the server writes it, `/` as `%2f`. */
  readonly name: string;
  /** `VMFS`, `NFS`, `NFS41`, `vsan`, `VVOL` … */
  readonly type: string;
  /** Whether its hosts reach it. */
  readonly accessible: boolean;
  /** The way to its datacenter from the top, `FOLDER/DC`; empty on a host that tells none. */
  readonly datacenter: string;
};

/** Deeper than anybody makes folders: a server whose folders hold each other is not followed for ever. */
const MAX_DEPTH = 64;

/** Reads a datastore, and the names above it. Rejects with `NOT_FOUND`. */
export async function readDatastore(
  client: VimClient,
  object: ManagedObject,
  call?: Call,
): Promise<VimDatastore> {
  const type = { type: 'Datastore', paths: ['name', 'parent', 'summary'] };
  const [found] = await readProperties(client, [object], type, call);
  if (found === undefined) {
    throw new SendenseError('NOT_FOUND', `the datastore ${object.id} is not there`, {
      operation: 'read-datastore',
      context: { datastore: object.id },
    });
  }
  const { values } = found;
  const summary = values.get('summary');
  return {
    object,
    name: values.get('name')?.text || object.id,
    type: textOf(summary, 'type') ?? 'unknown',
    accessible: childOf(summary, 'accessible') === undefined || flagIn(summary, 'accessible'),
    datacenter: await datacenterAbove(client, managedObjectOf(values.get('parent')), call),
  };
}

/** Names from the top to the nearest datacenter, without those below it and without the root. */
async function datacenterAbove(
  client: VimClient,
  start: ManagedObject | undefined,
  call?: Call,
): Promise<string> {
  const names: string[] = [];
  let at = start;
  for (let depth = 0; at !== undefined && depth < MAX_DEPTH; depth += 1) {
    const paths = { type: 'ManagedEntity', paths: ['name', 'parent'] };
    const [found] = await readProperties(client, [at], paths, call);
    const parent = managedObjectOf(found?.values.get('parent'));
    const isInside = names.length > 0 || at.type === 'Datacenter';
    if (isInside && parent !== undefined) names.unshift(found?.values.get('name')?.text || at.id);
    at = parent;
  }
  return names.join('/');
}
