import type { ConvertRequest } from '@sendense/core';
import { checkDiskImage, compareImages, openDiskImage } from '@sendense/formats';
import { type FileSystem, readSmallFile, writeFileDurably } from '@sendense/plugin-kit/files';
import { countingFileSystem, crashingFileSystem, type MemoryFileSystem } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import {
  breakLock,
  locksOf,
  rawRequest,
  resumingConverter,
  SOURCE_BYTES,
  sourceFileSystem,
} from './conversions.ts';

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

/** Adds a line to a text file, or puts a longer one in its place. */
async function rewrite(fileSystem: MemoryFileSystem, path: string, isReplaced: boolean): Promise<void> {
  const text = await readSmallFile(fileSystem, path, 65_536);
  const longer = new TextEncoder().encode(`${new TextDecoder().decode(text)}# edited\n`);
  if (isReplaced) return writeFileDurably(fileSystem, path, longer);
  await using handle = await fileSystem.open(path, 'read-write');
  await handle.write(longer, 0);
}

/** Stops a conversion when it writes its journal, behind all that it does to an earlier one's files. */
function failingToBegin(fileSystem: FileSystem): FileSystem {
  return {
    ...fileSystem,
    async open(path, mode) {
      if (mode === 'create' && path.includes('.conversion.json')) throw new Error('no more');
      return await fileSystem.open(path, mode);
    },
  };
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
    const held = { written: true, writesForbidden: false };
    const imageLocks = locksOf(fileSystem, '/images/target-flat.vmdk', () => held);
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

  it.each([
    { what: 'edited', isInFolder: false, isReplaced: false },
    { what: 'edited while the folder had it too', isInFolder: true, isReplaced: false },
    { what: 'replaced', isInFolder: false, isReplaced: true },
    { what: 'replaced while the folder had it too', isInFolder: true, isReplaced: true },
  ])('leaves both files alone when the descriptor was $what', async ({ isInFolder, isReplaced }) => {
    const fileSystem = await newFileSystem();
    // The link is followed by the sync of its folder and the end of the first name.
    await convertUntil(fileSystem, (await publication()).descriptor + (isInFolder ? 2 : 3));
    const inFolder = await fileSystem.list('/images/target.vmdk.partial');
    expect(inFolder.includes('target.vmdk')).toBe(isInFolder);
    await rewrite(fileSystem, '/images/target.vmdk', isReplaced);
    const overwrite = resumingConverter(failingToBegin(fileSystem)).convert({
      ...request(),
      overwrite: true,
    });
    await expect(overwrite).rejects.toThrow('no more');
    expect(await fileSystem.list('/images')).toEqual(
      expect.arrayContaining(['target-flat.vmdk', 'target.vmdk']),
    );
  });

  it('leaves a file alone that its journal names, and that is none of the target', async () => {
    const fileSystem = await newFileSystem();
    await fileSystem.makeDirectory('/elsewhere');
    await convertUntil(fileSystem, (await publication()).descriptor);
    await fileSystem.rename('/images/target-flat.vmdk', '/elsewhere/letter');
    const journal = '/images/target.vmdk.partial/.conversion.json';
    const text = new TextDecoder().decode(await readSmallFile(fileSystem, journal, 65_536));
    const forged = text.replace('"/images/target-flat.vmdk"', '"/elsewhere/letter"');
    expect(forged).not.toBe(text);
    await writeFileDurably(fileSystem, journal, new TextEncoder().encode(forged));
    await resumingConverter(fileSystem).convert(request());
    expect(await fileSystem.list('/elsewhere')).toEqual(['letter']);
    await expectWhole(fileSystem, 'with a forged journal');
  });
});
