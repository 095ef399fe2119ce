import type { Call } from '@sendense/core';
import { textOf } from '@sendense/plugin-kit/xml';
import type { DatastoreFile } from '../datastore/datastore-files.ts';
import { parseDatastorePath } from '../datastore/datastore-path.ts';
import { readDatastore } from '../datastore/read-datastore.ts';
import { readProperties } from '../properties/read-properties.ts';
import type { VimClient } from '../session/vim-client.ts';
import { itemsOf, managedObjectOf } from '../soap/read-element.ts';
import type { ManagedObject } from '../soap/vim-value.ts';

/** The file in which a machine keeps its firmware's variables; `undefined` where the server tells of none. */
export async function findVariables(
  client: VimClient,
  machine: ManagedObject,
  call?: Call,
): Promise<DatastoreFile | undefined> {
  const paths = { type: machine.type, paths: ['layoutEx.file', 'datastore'] };
  const [found] = await readProperties(client, [machine], paths, call);
  const files = itemsOf(found?.values.get('layoutEx.file'), 'VirtualMachineFileLayoutExFileInfo');
  const variables = files.find((file) => textOf(file, 'type') === 'nvram');
  if (variables === undefined) return undefined;
  const { datastore: name, path } = parseDatastorePath(textOf(variables, 'name') ?? '');
  for (const item of itemsOf(found?.values.get('datastore'), 'ManagedObjectReference')) {
    const object = managedObjectOf(item);
    const datastore = object === undefined ? undefined : await readDatastore(client, object, call);
    if (datastore?.name === name) return { datastore: name, path, datacenter: datastore.datacenter };
  }
  return undefined;
}
