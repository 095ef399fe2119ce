import { hostname } from 'node:os';
import type { ConvertRequest } from '@sendense/core';
import { createRaw } from '@sendense/formats/raw';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { createMemoryFileSystem } from '@sendense/testkit';
import { beforeEach, describe, expect, it, vi } from 'vitest';

const request: ConvertRequest = {
  source: { path: '/images/source', format: 'raw' },
  target: { path: '/images/target', format: 'raw' },
  overwrite: false,
};

let fileSystem: FileSystem;
beforeEach(async () => {
  fileSystem = createMemoryFileSystem();
  await fileSystem.makeDirectory('/images');
  const empty = await createRaw('/images/source', { fileSystem, sizeBytes: 1024 * 1024 });
  await empty[Symbol.asyncDispose]();
});

/** A converter of a module instance of its own, as another thread has it. */
async function newConverter() {
  vi.resetModules();
  const { createFormatConverter } = await import('@sendense/formats/convert');
  return createFormatConverter({ fileSystem, imageLocks: async () => undefined, resume: true });
}

describe('two conversions to one target', () => {
  it('do not share a folder: the second is refused, whatever instance of the module runs it', async () => {
    const [one, other] = [await newConverter(), await newConverter()];
    const both = await Promise.allSettled([one.convert(request), other.convert(request)]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'LOCKED' } });
    expect(await fileSystem.list('/images')).toEqual(['source', 'target']);
  });

  it('follow one another when the process of the first has died', async () => {
    const dead = encodeURIComponent(`${hostname()}:999999999:1`);
    await fileSystem.makeDirectory(`/images/.target.convert-lock/${dead}.0`);
    await (await newConverter()).convert(request);
    expect(await fileSystem.list('/images')).toEqual(['source', 'target']);
  });
});
