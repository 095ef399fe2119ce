export type { FileMount } from './mounts/mounted-folders.ts';
export { type ServerOptions, serverOptionsSchema } from './options.ts';
export type { NamedMachine, NamedPlaces, ServerServices } from './services.ts';
export { type SendenseServer, startServer } from './start-server.ts';
