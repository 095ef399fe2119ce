import { SendenseError } from '@sendense/core';

/** A file of a datastore: `[NAME] FOLDER/FILE`. */
export type DatastorePath = { readonly datastore: string; readonly path: string };

/** Reads a path as vSphere writes it. Throws `PROTOCOL_VIOLATION` for one that leads out of the datastore. */
export function parseDatastorePath(text: string): DatastorePath {
  const [, datastore, path = ''] = /^\[([^[\]]{1,255})\] ?(.*)$/s.exec(text) ?? [];
  const segments = path.split('/');
  const isOdd = segments.some((segment) => segment === '' || segment === '.' || segment === '..');
  if (datastore !== undefined && !isOdd) return { datastore, path };
  throw new SendenseError(
    'PROTOCOL_VIOLATION',
    `${JSON.stringify(text.slice(0, 200))} is no file of a datastore`,
    { operation: 'parse-datastore-path', remedy: 'look at the disks of the machine in vCenter' },
  );
}

/** The path as vSphere writes it. */
export function formatDatastorePath({ datastore, path }: DatastorePath): string {
  return `[${datastore}] ${path}`;
}
