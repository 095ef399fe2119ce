import type { DatastoreFile } from './datastore-files.ts';

/** Path and query of the file service: each name encoded, the datacenter by its way from the top. */
export function datastoreUrl({ datastore, path, datacenter }: DatastoreFile): string {
  const segments = path.split('/').map((segment) => encodeURIComponent(segment));
  const dc = datacenter === '' ? '' : `dcPath=${encodeURIComponent(datacenter)}&`;
  return `/folder/${segments.join('/')}?${dc}dsName=${encodeURIComponent(datastore)}`;
}
