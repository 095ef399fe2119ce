import { createHash } from 'node:crypto';
import type { ConvertRequest, FormatConverter } from '@sendense/core';
import { openDiskImage } from '@sendense/formats';
import { createFormatConverter, type FormatConverterOptions } from '@sendense/formats/convert';
import { createQcow2 } from '@sendense/formats/qcow2';
import { createRaw } from '@sendense/formats/raw';
import { createVmdk } from '@sendense/formats/vmdk';
import type { FileHandle, FileSystem } from '@sendense/plugin-kit/files';
import { createMemoryFileSystem, seededBytes } from '@sendense/testkit';
import { beforeEach, describe, expect, it } from 'vitest';

const MiB = 1024 * 1024;
const SIZE = 5 * MiB;

let fileSystem: FileSystem;
beforeEach(async () => {
  fileSystem = createMemoryFileSystem();
  await fileSystem.makeDirectory('/images');
  await using writer = await createRaw('/images/source', { fileSystem, sizeBytes: SIZE });
  await writer.write(0, seededBytes(1, SIZE));
});

function converter(options: FormatConverterOptions = {}): FormatConverter {
  return createFormatConverter({ fileSystem, resume: true, checkpointBytes: MiB, ...options });
}

function request(format: 'raw' | 'qcow2' = 'raw'): ConvertRequest {
  return {
    source: { path: '/images/source', format: 'raw' },
    target: { path: '/images/target', format },
    overwrite: false,
  };
}

/** The file system of a storage that fails with the `failAt`th byte written to a target; it counts what is written. */
function failing(failAt: number): FileSystem & { written: number } {
  const failingHandle = (handle: FileHandle): FileHandle => ({
    ...handle,
    read: (into, position) => handle.read(into, position),
    truncate: (size) => handle.truncate(size),
    sync: () => handle.sync(),
    size: () => handle.size(),
    [Symbol.asyncDispose]: () => handle[Symbol.asyncDispose](),
    async write(data, position) {
      watched.written += data.byteLength;
      if (watched.written > failAt) throw new Error('the storage is gone');
      await handle.write(data, position);
    },
  });
  const watched = {
    ...fileSystem,
    written: 0,
    async open(path: string, mode: Parameters<FileSystem['open']>[1]) {
      const handle = await fileSystem.open(path, mode);
      return path.endsWith('/target') ? failingHandle(handle) : handle;
    },
  };
  return watched;
}

async function digest(path: string): Promise<string> {
  await using handle = await fileSystem.open(path, 'read');
  const bytes = new Uint8Array(await handle.size());
  await handle.read(bytes, 0);
  return createHash('sha256').update(bytes).digest('hex');
}

/** Another file with the same bytes. */
async function replace(path: string): Promise<void> {
  await using handle = await fileSystem.open(path, 'read');
  const bytes = new Uint8Array(await handle.size());
  await handle.read(bytes, 0);
  await fileSystem.unlink(path);
  await using other = await fileSystem.open(path, 'create');
  await other.write(bytes, 0);
}

describe('a conversion that may be resumed', () => {
  it('goes on with a raw target behind what was durable, and says so', async () => {
    const broken = converter({ fileSystem: failing(3.5 * MiB) });
    await expect(broken.convert(request())).rejects.toThrow('the storage is gone');
    expect(await fileSystem.list('/images')).toEqual(['source', 'target.partial']);
    const watched = failing(Number.POSITIVE_INFINITY);
    const { findings } = await converter({ fileSystem: watched }).convert(request());
    expect(findings).toMatchObject([{ code: 'conversion-resumed' }]);
    expect(findings[0]?.message).toContain(`the first ${3 * MiB} bytes were kept`);
    expect(watched.written).toBe(2 * MiB);
    expect(await fileSystem.list('/images')).toEqual(['source', 'target']);
    expect(await digest('/images/target')).toBe(await digest('/images/source'));
  });

  it('begins again, and says why, when the source has changed', async () => {
    await expect(converter({ fileSystem: failing(3 * MiB) }).convert(request())).rejects.toThrow('gone');
    await fileSystem.unlink('/images/source');
    {
      await using writer = await createRaw('/images/source', { fileSystem, sizeBytes: SIZE });
      await writer.write(0, seededBytes(2, SIZE));
    }
    const { findings } = await converter().convert(request());
    expect(findings).toMatchObject([{ code: 'conversion-restarted' }]);
    expect(findings[0]?.message).toContain('the source has changed');
    expect(await digest('/images/target')).toBe(await digest('/images/source'));
  });

  it('begins again when the same file is taken for another format', async () => {
    await fileSystem.unlink('/images/source');
    const size = 8 * MiB;
    {
      await using writer = await createQcow2('/images/source', { fileSystem, sizeBytes: size });
      await writer.write(0, seededBytes(1, 5 * MiB));
      await writer.flush();
    }
    {
      // Longer than its clusters, so that it is as large as its disk.
      await using handle = await fileSystem.open('/images/source', 'read-write');
      await handle.truncate(size);
    }
    await expect(converter({ fileSystem: failing(3 * MiB) }).convert(request())).rejects.toThrow('gone');
    const { source, ...rest } = request();
    const { findings } = await converter().convert({ ...rest, source: { path: source.path } });
    expect(findings).toMatchObject([{ code: 'conversion-restarted' }]);
    await using image = await openDiskImage('/images/source', { fileSystem, format: 'qcow2' });
    const disk = new Uint8Array(size);
    await image.read(0, disk);
    expect(await digest('/images/target')).toBe(createHash('sha256').update(disk).digest('hex'));
  });

  it('begins again when only the descriptor of its source was replaced', async () => {
    const path = '/images/disk.vmdk';
    {
      await using writer = await createVmdk(path, {
        fileSystem,
        sizeBytes: SIZE,
        subformat: 'monolithicFlat',
      });
      await writer.write(0, seededBytes(1, SIZE));
      await writer.flush();
    }
    const source = { path };
    const parents = { folders: ['/images'] };
    const broken = converter({ parents, fileSystem: failing(3 * MiB) });
    await expect(broken.convert({ ...request(), source })).rejects.toThrow('gone');
    await replace(path);
    const { findings } = await converter({ parents }).convert({ ...request(), source });
    expect(findings).toMatchObject([{ code: 'conversion-restarted' }]);
  });

  it('begins again from a block device, which may have changed without a trace', async () => {
    const withDevice = (files: FileSystem): FileSystem => ({
      ...files,
      async stat(path) {
        const found = await files.stat(path);
        return found && path === '/images/source' ? { ...found, kind: 'device' } : found;
      },
    });
    const broken = converter({ fileSystem: withDevice(failing(3.5 * MiB)) });
    await expect(broken.convert(request())).rejects.toThrow('gone');
    const { findings } = await converter({ fileSystem: withDevice(fileSystem) }).convert(request());
    expect(findings).toMatchObject([{ code: 'conversion-restarted' }]);
    expect(findings[0]?.message).toContain('block device');
  });

  it('begins a target again that is made in one pass, and says so', async () => {
    await expect(converter({ fileSystem: failing(3 * MiB) }).convert(request('qcow2'))).rejects.toThrow(
      'gone',
    );
    const { findings } = await converter().convert(request('qcow2'));
    expect(findings).toMatchObject([{ code: 'conversion-restarted' }]);
    expect(findings[0]?.message).toContain('qcow2 files are made in one pass');
  });

  it('is refused, with a remedy, by a folder with the files of somebody else, which stay', async () => {
    await fileSystem.makeDirectory('/images/target.partial');
    await using theirs = await fileSystem.open('/images/target.partial/letter', 'create');
    await theirs.write(seededBytes(3, 10), 0);
    await expect(converter().convert(request())).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      remedy: expect.stringContaining('/images/target.partial'),
    });
    expect(await fileSystem.list('/images/target.partial')).toEqual(['letter']);
  });

  it('keeps its journal until the rest of its folder is removed', async () => {
    await expect(converter({ fileSystem: failing(3 * MiB) }).convert(request('qcow2'))).rejects.toThrow(
      'gone',
    );
    const unlink = async (path: string) => {
      if (path.endsWith('/target')) throw new Error('cut off');
      await fileSystem.unlink(path);
    };
    const cutOff = converter({ fileSystem: { ...fileSystem, unlink } });
    await expect(cutOff.convert(request('qcow2'))).rejects.toThrow('cut off');
    await converter().convert(request('qcow2'));
    expect(await fileSystem.list('/images')).toEqual(['source', 'target']);
  });

  it('is refused while another one writes to the same target', async () => {
    const first = converter().convert(request());
    await expect(converter().convert(request())).rejects.toMatchObject({ code: 'LOCKED' });
    await first;
    expect(await digest('/images/target')).toBe(await digest('/images/source'));
  });
});

it('keeps nothing of a failed conversion that is not to be resumed', async () => {
  const broken = converter({ resume: false, fileSystem: failing(MiB) });
  await expect(broken.convert(request())).rejects.toThrow('the storage is gone');
  expect(await fileSystem.list('/images')).toEqual(['source']);
});

it('estimates by what it measured, once it has', async () => {
  const ours = converter();
  expect(await ours.estimateTime(request())).toMatchObject({ basis: 'assumed' });
  await ours.convert(request());
  expect(await ours.estimateTime(request())).toMatchObject({ basis: 'measured' });
});

it.each([
  ['azure', 'vhd', 'fixed', 20 * MiB],
  ['aws', 'raw', undefined, 1024 * MiB],
] as const)('rounds a disk for %s up, and says so', async (sizeFor, format, subformat, sizeBytes) => {
  const target = { path: '/images/target', format, ...(subformat && { subformat }) };
  const made = await converter({ sizeFor }).convert({ ...request(), target });
  expect(made.virtualSizeBytes).toBe(sizeBytes);
  expect(made.findings).toMatchObject([{ code: 'size-rounded-up' }]);
});

it('makes the fixed VHD that Azure takes, and never a dynamic one for it', async () => {
  const ours = converter({ sizeFor: 'azure' });
  const target = { path: '/images/target', format: 'vhd' } as const;
  const dynamic = ours.convert({ ...request(), target: { ...target, subformat: 'dynamic' } });
  await expect(dynamic).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    remedy: 'leave the subformat out, or use fixed',
  });
  expect(await ours.convert({ ...request(), target })).toMatchObject({ subformat: 'fixed' });
});
