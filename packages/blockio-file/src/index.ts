export { createFileDriver, type FileDriverServices, plugin } from './blockio-file.ts';
export { type FileDriverOptions, fileDriverOptionsSchema } from './options.ts';
