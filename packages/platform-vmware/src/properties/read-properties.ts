import type { Call } from '@sendense/core';
import { SendenseError } from '@sendense/core';
import { childOf, textOf, type XmlElement } from '@sendense/plugin-kit/xml';
import type { VimClient, VimInvoke } from '../session/vim-client.ts';
import { itemsOf, managedObjectOf } from '../soap/read-element.ts';
import { type ManagedObject, type VimObject, vimObject } from '../soap/vim-value.ts';
import { filterOfObjects, filterOfView, type PropertyPaths } from './filter-spec.ts';
import { type ObjectProperties, parseObjectContents } from './object-properties.ts';

/** Options of a listing. */
export type ListOptions = Call & {
  /** Objects of one page; default 100. */
  readonly pageSize?: number;
};

const PAGE_SIZE = 100;

/** More pages than any inventory has: a server that never ends is not waited for. */
const MAX_PAGES = 100_000;

/** Properties of given objects. `NOT_FOUND` when one of them is gone. */
export async function readProperties(
  client: VimClient,
  objects: readonly ManagedObject[],
  properties: PropertyPaths,
  options: ListOptions = {},
): Promise<ObjectProperties[]> {
  if (objects.length === 0) return [];
  const filter = filterOfObjects(objects, properties);
  return client.inOneSession((invoke) => readPages(client, invoke, filter, options), options);
}

/** Properties of all objects of a type below `container`. */
export async function listObjects(
  client: VimClient,
  container: ManagedObject,
  properties: PropertyPaths,
  options: ListOptions = {},
): Promise<ObjectProperties[]> {
  return client.inOneSession(async (invoke) => {
    const view = await createView(client, invoke, container, properties.type);
    try {
      return await readPages(client, invoke, filterOfView(view, properties), options);
    } finally {
      // views end with the session at the latest
      await invoke('DestroyView', view, [], {}).catch(() => undefined);
    }
  }, options);
}

async function createView(
  client: VimClient,
  invoke: VimInvoke,
  container: ManagedObject,
  type: string,
): Promise<ManagedObject> {
  const response = await invoke('CreateContainerView', client.content.viewManager, [
    ['container', container],
    ['type', type],
    ['recursive', true],
  ]);
  const view = managedObjectOf(childOf(response, 'returnval'));
  if (view === undefined) throw noAnswer('CreateContainerView');
  return view;
}

/** All pages: a server may send fewer objects than asked for, and says by a token that there are more. */
async function readPages(
  client: VimClient,
  invoke: VimInvoke,
  filter: VimObject,
  { pageSize = PAGE_SIZE }: ListOptions,
): Promise<ObjectProperties[]> {
  const collector = client.content.propertyCollector;
  const found: ObjectProperties[] = [];
  const first = await invoke('RetrievePropertiesEx', collector, [
    ['specSet', filter],
    ['options', vimObject([['maxObjects', pageSize]])],
  ]);
  let token = takePage(first, found);
  for (let page = 1; token !== undefined; page += 1) {
    if (page >= MAX_PAGES) throw noAnswer('ContinueRetrievePropertiesEx');
    token = takePage(await invoke('ContinueRetrievePropertiesEx', collector, [['token', token]]), found);
  }
  return found;
}

function takePage(response: XmlElement, into: ObjectProperties[]): string | undefined {
  const page = childOf(response, 'returnval');
  for (const object of parseObjectContents(itemsOf(page, 'objects'))) into.push(object);
  return textOf(page, 'token');
}

function noAnswer(method: string): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `the reply to ${method} has no end or no value`, {
    operation: `vim-${method}`,
    remedy: 'report this with the version of the server',
  });
}
