import { stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { BASE, FOLDER, IMAGE, patch, sampleImage } from '../test/sample-image.ts';
import { temporaryFolder } from '../test/temporary-folder.ts';
import { createDiskImage } from './create-disk-image.ts';
import { openDiskImage } from './open-disk-image.ts';
import { probeFormat } from './probe-format.ts';
import { createQcow2 } from './qcow2/create-qcow2.ts';
import { openQcow2 } from './qcow2/open-qcow2.ts';
import { readImageInfo } from './read-image-info.ts';

describe('openDiskImage', () => {
  it('guesses the format from the content, and takes the stated one over the guess', async () => {
    const fileSystem = await sampleImage();
    expect(await probeFormat(IMAGE, { fileSystem })).toBe('qcow2');
    await using guessed = await openDiskImage(IMAGE, { fileSystem });
    await using stated = await openDiskImage(IMAGE, { fileSystem, format: 'raw' });
    expect([guessed.info.format, stated.info.format]).toEqual(['qcow2', 'raw']);
    expect(stated.sizeBytes).toBe(fileSystem.files.get(IMAGE)?.byteLength);
  });
});

describe('a parent whose format is not stated', () => {
  it('never leads to a third file, whatever a guest wrote into it', async () => {
    const fileSystem = await sampleImage({ backing: true });
    const child = `${FOLDER}/child`;
    const writer = await createQcow2(child, {
      fileSystem,
      sizeBytes: 4096,
      backing: { file: 'disk.qcow2', format: 'qcow2' },
    });
    await writer.flush();
    // The type of the extension with the backing format: the child no longer states it.
    patch(fileSystem, child, 112, [0, 0, 0, 99]);
    const refused = openQcow2(child, { fileSystem, parents: { folders: [FOLDER] } });
    await expect(refused).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
    expect(fileSystem.opened).not.toContain(BASE);
  });
});

describe('readImageInfo', () => {
  it('tells of a link of a chain without opening its backing file', async () => {
    const fileSystem = await sampleImage({ backing: true });
    const info = await readImageInfo(IMAGE, { fileSystem });
    expect(info).toMatchObject({ format: 'qcow2', subformat: 'v3', clusterBytes: 4096, backing: 'base.raw' });
    expect(fileSystem.opened).not.toContain(BASE);
  });
});

describe('createDiskImage', () => {
  it.each(['raw', 'qcow2'] as const)('makes a %s file that only its owner reads', async (format) => {
    await using folder = await temporaryFolder();
    const writer = await createDiskImage(folder.file('disk'), { format, sizeBytes: 65_536 });
    await writer.flush();
    await writer[Symbol.asyncDispose]();
    expect((await stat(folder.file('disk'))).mode & 0o777).toBe(0o600);
    const again = createDiskImage(folder.file('disk'), { format, sizeBytes: 65_536 });
    await expect(again).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });
});
