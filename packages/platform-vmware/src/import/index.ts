export { type ImportedMachine, type ImportRequest, importMachine, importSpecOf } from './import-machine.ts';
export type { Upload } from './start-upload.ts';
export { uploadDisk } from './upload-disk.ts';
export { uploadFile } from './upload-file.ts';
