import { createHash } from 'node:crypto';
import type { FormatConverter } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { type ConverterSubject, createMemoryConverter, createMemoryFileSystem } from '../src/index.ts';

/** How a mutant changes the converter. */
export type ConverterChange = (converter: FormatConverter, fileSystem: FileSystem) => FormatConverter;

async function readFile(fileSystem: FileSystem, path: string): Promise<Uint8Array> {
  await using handle = await fileSystem.open(path, 'read');
  const bytes = new Uint8Array(await handle.size());
  await handle.read(bytes, 0);
  return bytes;
}

/** The converter of raw images in a folder in memory, changed. */
export function memoryConverterSubject(name: string, change: ConverterChange): ConverterSubject {
  return {
    name,
    pairs: [{ from: 'raw', to: 'raw' }],
    async open() {
      const fileSystem = createMemoryFileSystem();
      let made = 0;
      return {
        converter: change(createMemoryConverter(fileSystem), fileSystem),
        path: (file) => `/${file}`,
        async make(_, content) {
          const path = `/source-${made++}`;
          await using handle = await fileSystem.open(path, 'create');
          await handle.write(content.bytes(), 0);
          return path;
        },
        read: (path) => readFile(fileSystem, path),
        async files() {
          const names = await fileSystem.list('/');
          const hash = async (file: string) =>
            createHash('sha256')
              .update(await readFile(fileSystem, `/${file}`))
              .digest('hex');
          return new Map(await Promise.all(names.map(async (file) => [file, await hash(file)] as const)));
        },
      };
    },
  };
}
