import { build } from 'tsup';
import { entrySources, readPackage } from '../workspace.ts';

// Builds the package in the current folder: ESM for Node 22, declarations, source maps. The options are given in
// code because tsup would write a temporary file beside a configuration file, and a check that runs at the same
// time would stumble over it.
await build({
  config: false,
  silent: true,
  entry: entrySources(readPackage(process.cwd())),
  format: ['esm'],
  target: 'node22',
  dts: true,
  sourcemap: true,
  clean: true,
  treeshake: true,
  // node:sqlite and others exist only under their full name
  removeNodeProtocol: false,
});
