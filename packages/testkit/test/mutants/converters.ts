import type { ConvertRequest, FormatConverter } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { converterConformance, overlay, type Runner } from '../../src/index.ts';
import { type ConverterChange, memoryConverterSubject } from '../memory-converter-subject.ts';
import type { Mutant } from './mutant.ts';

async function put(fileSystem: FileSystem, path: string, bytes: Uint8Array, offset = 0): Promise<void> {
  const there = (await fileSystem.stat(path)) !== undefined;
  await using handle = await fileSystem.open(path, there ? 'read-write' : 'create');
  await handle.write(bytes, offset);
}

/** Does something with the files after each conversion. */
const after =
  (change: (fileSystem: FileSystem, request: ConvertRequest) => Promise<void>): ConverterChange =>
  (converter, fileSystem) =>
    overlay(converter, {
      async convert(request, call) {
        const result = await converter.convert(request, call);
        await change(fileSystem, request);
        return result;
      },
    });

/** Does something with the files before each answer. */
const before =
  (
    method: 'estimateTime' | 'requiredSpace',
    change: (fileSystem: FileSystem) => Promise<void>,
  ): ConverterChange =>
  (converter, fileSystem) =>
    overlay<FormatConverter>(converter, {
      [method]: async (request: ConvertRequest) => {
        await change(fileSystem);
        return await converter[method](request);
      },
    });

export const converterMutants: readonly Mutant<ConverterChange>[] = [
  {
    breaks: 'loses the last cluster',
    caughtBy: 'gives a target that reads the same, and tells what it is',
    change: after((fileSystem, { target }) =>
      put(fileSystem, target.path, new Uint8Array(8192), 3 * 1024 * 1024),
    ),
  },
  {
    breaks: 'calls the target something else',
    caughtBy: 'gives a target that reads the same, and tells what it is',
    change: (converter) =>
      overlay(converter, {
        convert: async (...given) => ({ ...(await converter.convert(...given)), format: 'vhd' }),
      }),
  },
  {
    breaks: 'takes a disk of zeros for an empty file',
    caughtBy: 'converts a disk of zeros alone',
    change: after(async (fileSystem, { source, target }) => {
      await using from = await fileSystem.open(source.path, 'read');
      const bytes = new Uint8Array(await from.size());
      await from.read(bytes, 0);
      if (bytes.some((byte) => byte !== 0)) return;
      await using to = await fileSystem.open(target.path, 'read-write');
      await to.truncate(0);
    }),
  },
  {
    breaks: 'touches the source',
    caughtBy: 'leaves the source as it is, and nothing beside the target',
    change: after((fileSystem, { source }) => put(fileSystem, source.path, Uint8Array.of(1), 512)),
  },
  {
    breaks: 'leaves its working file',
    caughtBy: 'leaves the source as it is, and nothing beside the target',
    change: after((fileSystem, { target }) => put(fileSystem, `${target.path}.partial`, Uint8Array.of(1))),
  },
  {
    breaks: 'overwrites without being told',
    caughtBy: 'refuses a target that is there, and leaves it as it is',
    change: (converter) =>
      overlay(converter, {
        convert: (request, call) => converter.convert({ ...request, overwrite: true }, call),
      }),
  },
  {
    breaks: 'never overwrites',
    caughtBy: 'replaces a target when it is told to',
    change: (converter) =>
      overlay(converter, {
        convert: (request, call) => converter.convert({ ...request, overwrite: false }, call),
      }),
  },
  {
    breaks: 'leaves half a target when it is aborted',
    caughtBy: 'leaves a complete target or none when it is aborted, and what was there before',
    change: (converter, fileSystem) =>
      overlay(converter, {
        async convert(request, call) {
          try {
            return await converter.convert(request, call);
          } catch (error) {
            await put(fileSystem, request.target.path, Uint8Array.of(1));
            throw error;
          }
        },
      }),
  },
  {
    breaks: 'goes on when it is aborted after its start',
    caughtBy: 'is stopped from its own report in mid-copy, and leaves what was there before',
    change: (converter) =>
      overlay(converter, {
        convert: (request, { onProgress } = {}) => converter.convert(request, onProgress && { onProgress }),
      }),
  },
  {
    breaks: 'tells nothing of how far it is',
    caughtBy: 'tells how far it is, never back, up to the whole disk',
    change: (converter) =>
      overlay(converter, {
        convert: (request, { signal } = {}) => converter.convert(request, signal && { signal }),
      }),
  },
  {
    breaks: 'counts from the end of the disk',
    caughtBy: 'tells how far it is, never back, up to the whole disk',
    change: (converter) =>
      overlay(converter, {
        convert: (request, { onProgress, ...call } = {}) =>
          converter.convert(request, {
            ...call,
            onProgress: ({ done, total, unit }) =>
              onProgress?.({ done: Math.max(0, (total ?? 0) - done), total, unit }),
          }),
      }),
  },
  {
    breaks: 'makes an empty target of a source that is not there',
    caughtBy: 'refuses a source that is not there, and makes nothing',
    change: (converter, fileSystem) =>
      overlay(converter, {
        async convert(request, call) {
          if ((await fileSystem.stat(request.source.path)) !== undefined)
            return await converter.convert(request, call);
          await put(fileSystem, request.target.path, new Uint8Array(512));
          return {
            format: 'raw',
            subformat: null,
            virtualSizeBytes: 512,
            fileSizeBytes: 512,
            findings: [],
          };
        },
      }),
  },
  {
    breaks: 'asks for too little space',
    caughtBy: 'says beforehand no less space than the target then takes, and changes nothing for it',
    change: (converter) =>
      overlay(converter, {
        requiredSpace: async (...given) => (await converter.requiredSpace(...given)) / 2,
      }),
  },
  {
    breaks: 'reserves the space that it is only asked about',
    caughtBy: 'says beforehand no less space than the target then takes, and changes nothing for it',
    change: before('requiredSpace', (fileSystem) => put(fileSystem, '/reserved', new Uint8Array(512))),
  },
  {
    breaks: 'tries the conversion to estimate its time',
    caughtBy: 'estimates a time, says what it rests on, and changes nothing for it',
    change: before('estimateTime', (fileSystem) => put(fileSystem, '/trial', new Uint8Array(512))),
  },
  {
    breaks: 'declares other pairs than it was said to',
    caughtBy: 'declares its pairs',
    change: (converter) => overlay(converter, { pairs: [...converter.pairs, { from: 'raw', to: 'vhd' }] }),
  },
  {
    breaks: 'takes a pair that it does not declare',
    caughtBy: 'refuses every pair that it does not declare',
    change: (converter) => overlay(converter, { pairs: [...converter.pairs, { from: 'vmdk', to: 'raw' }] }),
  },
];

export function registerConverter(runner: Runner, change: ConverterChange): void {
  converterConformance(runner, memoryConverterSubject('mutant', change));
}
