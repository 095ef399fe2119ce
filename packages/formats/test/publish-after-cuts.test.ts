import type { ConvertRequest } from '@sendense/core';
import { checkDiskImage, compareImages, openDiskImage } from '@sendense/formats';
import { countingFileSystem, crashingFileSystem, type MemoryFileSystem } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { breakLock, rawRequest, resumingConverter, SOURCE_BYTES, sourceFileSystem } from './conversions.ts';

/** To a target of two files that nobody allows to replace anything. */
function request(): ConvertRequest {
  const target = { path: '/images/target.vmdk', format: 'vmdk', subformat: 'monolithicFlat' } as const;
  return { ...rawRequest(), target };
}

async function newFileSystem(): Promise<MemoryFileSystem> {
  const fileSystem = await sourceFileSystem();
  await fileSystem.syncDirectory('/images');
  await fileSystem.syncDirectory('/');
  return fileSystem;
}

/** Stops before change `cutAt` of the file system. */
async function convertUntil(fileSystem: MemoryFileSystem, cutAt: number): Promise<void> {
  const cut = crashingFileSystem(fileSystem, { cutAt, tornBytes: 0 });
  await expect(resumingConverter(cut).convert(request())).rejects.toBeDefined();
  expect(cut.dead).toBe(true);
  await breakLock(fileSystem, '/images/target.vmdk');
}

/** Numbers of the changes that give the extent and the descriptor their names. */
async function publication(): Promise<{ readonly extent: number; readonly descriptor: number }> {
  const counting = countingFileSystem(await newFileSystem());
  await resumingConverter(counting).convert(request());
  const naming = (name: string) =>
    1 + counting.changes.findIndex(({ kind, to }) => kind === 'link' && to === `/images/${name}`);
  return { extent: naming('target-flat.vmdk'), descriptor: naming('target.vmdk') };
}

async function expectWhole(fileSystem: MemoryFileSystem, what: string): Promise<void> {
  const options = { fileSystem, parents: { folders: ['/images'] } };
  await using source = await openDiskImage('/images/source', { fileSystem, format: 'raw' });
  await using made = await openDiskImage('/images/target.vmdk', options);
  expect(await compareImages(source, made), what).toMatchObject({ equal: true });
  expect(await checkDiskImage('/images/target.vmdk', options), what).toMatchObject({ findings: [] });
  // What a dead process leaves of its lock begins with a dot.
  const names = (await fileSystem.list('/images')).filter((name) => !name.startsWith('.'));
  expect(names, what).toEqual(['source', 'target-flat.vmdk', 'target.vmdk']);
}

describe('a conversion to a descriptor and an extent, cut off between their names', () => {
  it('takes its extent back and goes on, after a kill and after a power failure, without leave to overwrite', async () => {
    const { extent, descriptor } = await publication();
    expect(extent).toBeGreaterThan(1);
    for (let cutAt = extent + 1; cutAt <= descriptor; cutAt += 1)
      for (const isPowerLost of [false, true]) {
        const what = `cut before change ${cutAt}, with power ${isPowerLost ? 'lost' : 'on'}`;
        let fileSystem = await newFileSystem();
        await convertUntil(fileSystem, cutAt);
        if (isPowerLost) fileSystem = fileSystem.afterPowerLoss(0);
        const { findings } = await resumingConverter(fileSystem).convert(request());
        expect(findings, what).toMatchObject([{ code: 'conversion-resumed' }]);
        await expectWhole(fileSystem, what);
      }
  });

  it('takes it back also when it is cut off while it does so', async () => {
    const { descriptor } = await publication();
    for (let cutAt = 1; cutAt <= 10; cutAt += 1) {
      const fileSystem = await newFileSystem();
      await convertUntil(fileSystem, descriptor);
      await convertUntil(fileSystem, cutAt);
      await resumingConverter(fileSystem).convert(request());
      await expectWhole(fileSystem, `cut again before change ${cutAt}`);
    }
  });

  it('leaves an extent alone that somebody changed since', async () => {
    const fileSystem = await newFileSystem();
    await convertUntil(fileSystem, (await publication()).descriptor);
    {
      await using handle = await fileSystem.open('/images/target-flat.vmdk', 'read-write');
      await handle.truncate(2 * SOURCE_BYTES);
    }
    await expect(resumingConverter(fileSystem).convert(request())).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    expect(await fileSystem.stat('/images/target-flat.vmdk')).toMatchObject({ sizeBytes: 2 * SOURCE_BYTES });
  });

  it('leaves an extent alone that QEMU has open', async () => {
    const fileSystem = await newFileSystem();
    await convertUntil(fileSystem, (await publication()).descriptor);
    const imageLocks = async () => ({ written: true, writesForbidden: false });
    const again = resumingConverter(fileSystem, { imageLocks }).convert(request());
    await expect(again).rejects.toMatchObject({ code: 'LOCKED' });
    expect(await fileSystem.list('/images')).toContain('target-flat.vmdk');
  });

  it('leaves both files alone when both have their names', async () => {
    const fileSystem = await newFileSystem();
    await convertUntil(fileSystem, (await publication()).descriptor + 1);
    await expect(resumingConverter(fileSystem).convert(request())).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    expect(await fileSystem.list('/images')).toEqual(
      expect.arrayContaining(['target-flat.vmdk', 'target.vmdk']),
    );
  });
});
