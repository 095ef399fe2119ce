import type { DatastoreFile } from '../datastore/datastore-files.ts';
import { formatDatastorePath } from '../datastore/datastore-path.ts';
import { datastoreUrl } from '../datastore/datastore-url.ts';
import type { VimClient } from '../session/vim-client.ts';
import { startUpload, type Upload } from './start-upload.ts';

/** Puts a file of `sizeBytes` on a datastore, whole, in place of one that is there. The service takes no parts. */
export function uploadFile(client: VimClient, file: DatastoreFile, sizeBytes: number): Upload {
  const headers = { 'content-length': `${sizeBytes}`, 'content-type': 'application/octet-stream' };
  const url = new URL(datastoreUrl(file), `https://${client.host}`);
  return startUpload(client, { method: 'PUT', url, name: formatDatastorePath(file), headers });
}
