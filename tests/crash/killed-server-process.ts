/** A server over `disk.raw`, a repository of objects and `restored.raw` in a folder; prints its URL and serves until SIGTERM. */
import path from 'node:path';
import { openCatalog } from '@sendense/catalog';
import { machineKeyOf, systemServices } from '@sendense/core';
import { createEngine } from '@sendense/engine';
import { createDirectoryStore, openObjectRepository } from '@sendense/object-repository';
import { createProcessFence, isHolderAlive } from '@sendense/plugin-kit';
import { startServer } from '@sendense/server';
import { createImageSource } from '@sendense/source-image';
import { createImageTarget } from '@sendense/target-image';
import { testKey } from '../../packages/object-repository/test/keys.ts';

const [folder = '.', rate = ''] = process.argv.slice(2);
const disk = path.join(folder, 'disk.raw');
const machine = { connection: 'image', id: disk };
const pace = rate === '' ? {} : { rateBytesPerSecond: Number(rate) };
const { journal } = await openCatalog({ path: path.join(folder, 'catalog.sqlite') });
const engine = createEngine({
  journal,
  services: systemServices(),
  fence: createProcessFence(),
  isHolderAlive,
});
const server = await startServer(
  { stateDirectory: path.join(folder, 'server'), mounts: { enabled: true } },
  {
    journal,
    engine: {
      ...engine,
      backup: (request, call) => engine.backup({ ...request, ...pace }, call),
      restore: (request, call) => engine.restore({ ...request, ...pace }, call),
    },
    repositories: {
      names: ['main'],
      open: () =>
        openObjectRepository({
          store: createDirectoryStore({ path: path.join(folder, 'objects') }),
          key: testKey,
          progressBytes: 2 * 1024 * 1024,
        }),
    },
    sources: {
      names: ['web'],
      async open() {
        const source = createImageSource({ path: disk, format: 'raw' });
        return {
          source,
          machine,
          machineKey: machineKeyOf(machine),
          [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
        };
      },
    },
    targets: {
      names: ['lab'],
      open: async () =>
        createImageTarget({ path: path.join(folder, 'restored.raw'), checkpointBytes: 1024 * 1024 }),
    },
  },
);
process.once('SIGTERM', () => void server.close());
process.stdout.write(`${server.url}\n`);
