export {
  createDatastoreFiles,
  type DatastoreFile,
  type DatastoreFiles,
  type DatastoreFilesOptions,
} from './datastore-files.ts';
export { type DatastorePath, formatDatastorePath, parseDatastorePath } from './datastore-path.ts';
export { hasFiles } from './has-files.ts';
export { createHostFiles, readHost, type VimHost } from './host-files.ts';
export { readDatastore, type VimDatastore } from './read-datastore.ts';
