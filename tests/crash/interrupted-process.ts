/** Backs `disk.raw` of a folder up to a repository of objects in it, as a process of its own; prints the result. */
import path from 'node:path';
import { openCatalog } from '@sendense/catalog';
import { systemServices } from '@sendense/core';
import { createEngine } from '@sendense/engine';
import { createDirectoryStore, openObjectRepository } from '@sendense/object-repository';
import { createProcessFence, isHolderAlive } from '@sendense/plugin-kit';
import { createImageSource } from '@sendense/source-image';
import { testKey } from '../../packages/object-repository/test/keys.ts';

const [folder = '.', progressBytes = '0'] = process.argv.slice(2);
const disk = path.join(folder, 'disk.raw');
await using catalog = await openCatalog({ path: path.join(folder, 'catalog.sqlite') });
await using repository = await openObjectRepository({
  store: createDirectoryStore({ path: path.join(folder, 'objects') }),
  key: testKey,
  progressBytes: Number(progressBytes),
});
await using source = createImageSource({ path: disk, format: 'raw' });
const engine = createEngine({
  journal: catalog.journal,
  services: systemServices(),
  fence: createProcessFence(),
  isHolderAlive,
});
const result = await engine.backup({ source, repository, machine: { connection: 'image', id: disk } });
process.stdout.write(JSON.stringify(result));
