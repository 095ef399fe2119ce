import { defineConfig } from 'tsup';

/** The build of one published package: ESM for Node 22, declarations, source maps. */
export function packageBuild(entry: readonly string[]) {
  return defineConfig({
    entry: [...entry],
    format: ['esm'],
    target: 'node22',
    dts: true,
    sourcemap: true,
    clean: true,
    treeshake: true,
    // node:sqlite and others exist only under their full name
    removeNodeProtocol: false,
  });
}
