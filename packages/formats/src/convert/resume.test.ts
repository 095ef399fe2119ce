import type { ConvertRequest } from '@sendense/core';
import { compareImages, openDiskImage } from '@sendense/formats';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { seededBytes } from '@sendense/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  digest,
  failingFileSystem,
  rawRequest as request,
  resumingConverter,
  sourceFileSystem,
} from '../../test/conversions.ts';

const MiB = 1024 * 1024;

let fileSystem: FileSystem;
beforeEach(async () => {
  fileSystem = await sourceFileSystem();
});

/** To a target whose tables lie between its data. */
function streamRequest(): ConvertRequest {
  const target = { path: '/images/target', format: 'vmdk', subformat: 'streamOptimized' } as const;
  return { ...request(), target };
}

describe('a conversion that may be resumed', () => {
  it('goes on with a raw target behind what was durable, and says so', async () => {
    const broken = resumingConverter(failingFileSystem(fileSystem, 3.5 * MiB));
    await expect(broken.convert(request())).rejects.toThrow('the storage is gone');
    expect(await fileSystem.list('/images')).toEqual(['source', 'target.partial']);
    const watched = failingFileSystem(fileSystem, Number.POSITIVE_INFINITY);
    const { findings } = await resumingConverter(watched).convert(request());
    expect(findings).toMatchObject([{ code: 'conversion-resumed' }]);
    expect(findings[0]?.message).toContain(`the first ${3 * MiB} bytes were kept`);
    expect(watched.written).toBe(2 * MiB);
    expect(await fileSystem.list('/images')).toEqual(['source', 'target']);
    expect(await digest(fileSystem, '/images/target')).toBe(await digest(fileSystem, '/images/source'));
  });

  it('goes on with a stream behind the last grain that was durable, without an end in its middle', async () => {
    await resumingConverter(fileSystem).convert({
      ...streamRequest(),
      target: { ...streamRequest().target, path: '/images/whole' },
    });
    await expect(
      resumingConverter(failingFileSystem(fileSystem, 3.5 * MiB)).convert(streamRequest()),
    ).rejects.toThrow('the storage is gone');
    const { findings, fileSizeBytes } = await resumingConverter(fileSystem).convert(streamRequest());
    expect(findings).toMatchObject([{ code: 'conversion-resumed' }]);
    expect(fileSizeBytes).toBe((await fileSystem.stat('/images/whole'))?.sizeBytes);
    await using source = await openDiskImage('/images/source', { fileSystem, format: 'raw' });
    await using made = await openDiskImage('/images/target', { fileSystem, format: 'vmdk' });
    expect(await compareImages(source, made)).toMatchObject({ equal: true });
  });

  it('is refused where the part of a stream that was kept is damaged', async () => {
    await expect(
      resumingConverter(failingFileSystem(fileSystem, 3.5 * MiB)).convert(streamRequest()),
    ).rejects.toThrow('the storage is gone');
    await using kept = await fileSystem.open('/images/target.partial/target', 'read-write');
    await kept.write(new Uint8Array(16), 64 * 1024);
    await expect(resumingConverter(fileSystem).convert(streamRequest())).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining('no grain at byte 65536'),
    });
  });

  it('is refused, with a remedy, by a folder with the files of somebody else, which stay', async () => {
    await fileSystem.makeDirectory('/images/target.partial');
    await using theirs = await fileSystem.open('/images/target.partial/letter', 'create');
    await theirs.write(seededBytes(3, 10), 0);
    await expect(resumingConverter(fileSystem).convert(request())).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      remedy: expect.stringContaining('/images/target.partial'),
    });
    expect(await fileSystem.list('/images/target.partial')).toEqual(['letter']);
  });

  it('keeps its journal until the rest of its folder is removed', async () => {
    await expect(
      resumingConverter(failingFileSystem(fileSystem, 3 * MiB)).convert(request()),
    ).rejects.toThrow('gone');
    const unlink = async (path: string) => {
      if (path.endsWith('/target')) throw new Error('cut off');
      await fileSystem.unlink(path);
    };
    const cutOff = resumingConverter({ ...fileSystem, unlink });
    await expect(cutOff.convert(streamRequest())).rejects.toThrow('cut off');
    const { findings } = await resumingConverter(fileSystem).convert(streamRequest());
    expect(findings).toMatchObject([{ code: 'conversion-restarted' }]);
    expect(findings[0]?.message).toContain('another target was asked for');
    expect(await fileSystem.list('/images')).toEqual(['source', 'target']);
  });

  it('is refused while another one writes to the same target', async () => {
    const first = resumingConverter(fileSystem).convert(request());
    await expect(resumingConverter(fileSystem).convert(request())).rejects.toMatchObject({ code: 'LOCKED' });
    await first;
    expect(await digest(fileSystem, '/images/target')).toBe(await digest(fileSystem, '/images/source'));
  });
});

it('keeps nothing of a failed conversion that is not to be resumed', async () => {
  const broken = resumingConverter(failingFileSystem(fileSystem, MiB), { resume: false });
  await expect(broken.convert(request())).rejects.toThrow('the storage is gone');
  expect(await fileSystem.list('/images')).toEqual(['source']);
});
