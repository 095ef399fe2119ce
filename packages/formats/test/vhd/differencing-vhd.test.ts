import { createVhd, openVhd } from '@sendense/formats/vhd';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { bigEndian, bytesOf, endOf, FRONT, HEADER, patchStructure } from './patch-vhd.ts';

const MIB = 1024 * 1024;
const CHILD = '/images/child.vhd';
const PARENT = '/images/parent.vhd';
const parents = { folders: ['/images'] };

type Names = Readonly<Record<string, Uint8Array>>;

const utf16 = (text: string) => new Uint8Array(Buffer.from(text, 'utf16le'));

/**
 * A parent of 4 MiB of threes, and a child of which sectors 1 and 9 of the second block are sevens. `names` are the parent
 * locators of the child by their platform.
 */
async function chain(names: Names, subformat: 'dynamic' | 'fixed' = 'dynamic') {
  const fileSystem = new MemoryFileSystem();
  const parent = await createVhd(PARENT, { fileSystem, subformat, sizeBytes: 4 * MIB });
  await parent.write(0, new Uint8Array(4 * MIB).fill(3));
  await parent.flush();
  const child = await createVhd(CHILD, { fileSystem, sizeBytes: 4 * MIB });
  await child.write(2 * MIB, new Uint8Array(8192).fill(7));
  await child.flush();
  const listed = Object.entries(names);
  // The names lie where the footer was, and that behind them.
  const end = bytesOf(fileSystem, CHILD).byteLength - 512;
  const file = new Uint8Array(end + 512 * (listed.length + 1));
  file.set(bytesOf(fileSystem, CHILD).subarray(0, end));
  file.set(file.subarray(0, 512), file.byteLength - 512);
  for (const footer of [FRONT, endOf(file)]) patchStructure(file, footer, 60, bigEndian(4, 4));
  const parentFile = bytesOf(fileSystem, PARENT);
  patchStructure(file, HEADER, 40, parentFile.slice(-512 + 68, -512 + 84));
  patchStructure(file, HEADER, 56, parentFile.slice(-512 + 24, -512 + 28));
  for (const [index, [platform, name]] of listed.entries()) {
    const at = end + index * 512;
    file.set(name, at);
    const locator = [
      ...Buffer.from(platform),
      ...bigEndian(512, 4),
      ...bigEndian(name.byteLength, 4),
      0,
      0,
      0,
      0,
      ...bigEndian(at, 8),
    ];
    patchStructure(file, HEADER, 576 + index * 24, locator);
  }
  const bitmap = new DataView(file.buffer).getUint32(1536 + 4) * 512;
  file.fill(0, bitmap, bitmap + 512).set([0b0100_0000, 0b0100_0000], bitmap);
  fileSystem.files.set(CHILD, file);
  return { fileSystem, file };
}

describe('a differencing VHD', () => {
  it.each(['dynamic', 'fixed'] as const)(
    'has the sectors of its bitmap, and the others from a %s parent',
    async (subformat) => {
      const { fileSystem } = await chain({ W2ru: utf16('.\\parent.vhd') }, subformat);
      await using image = await openVhd(CHILD, { fileSystem, parents });
      expect(image.info).toMatchObject({ subformat: 'differencing', backing: './parent.vhd', warnings: [] });
      const read = new Uint8Array(4 * MIB);
      await image.read(0, read);
      const expected = new Uint8Array(4 * MIB).fill(3);
      for (const sector of [1, 9]) expected.fill(7, 2 * MIB + sector * 512, 2 * MIB + (sector + 1) * 512);
      expect(Buffer.compare(read, expected)).toBe(0);
      const own = await collect(image.ownExtents({ offset: 0, length: 4 * MIB }));
      expect(own.map(({ offset, length }) => [offset - 2 * MIB, length])).toEqual([
        [512, 512],
        [9 * 512, 512],
      ]);
    },
  );

  it.each([
    ['a relative name', { W2ru: utf16('.\\parent.vhd\0') }],
    ['an absolute name of Windows, by its last part', { W2ku: utf16('C:\\vm disks\\parent.vhd') }],
    ['a name of a share, by its last part', { W2ku: utf16('\\\\server\\share\\parent.vhd') }],
    ['a file URL', { MacX: Buffer.from('file://localhost/images/%70arent.vhd') }],
    [
      'the next name where the first leads nowhere',
      { W2ru: utf16('.\\gone.vhd'), W2ku: utf16('C:\\parent.vhd') },
    ],
  ])('finds its parent by %s', async (_, names) => {
    const { fileSystem } = await chain(names);
    await using image = await openVhd(CHILD, { fileSystem, parents });
    expect(image.files).toEqual([CHILD, PARENT]);
  });

  it('opens no parent unless it is allowed to', async () => {
    const { fileSystem } = await chain({ W2ru: utf16('.\\parent.vhd') });
    fileSystem.opened.length = 0;
    await expect(openVhd(CHILD, { fileSystem })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(fileSystem.opened).toEqual([CHILD]);
  });

  it('refuses a parent with another unique id', async () => {
    const { fileSystem, file } = await chain({ W2ru: utf16('.\\parent.vhd') });
    patchStructure(file, HEADER, 40, [1, 2, 3]);
    const refused = openVhd(CHILD, { fileSystem, parents });
    await expect(refused).rejects.toMatchObject({
      code: 'CORRUPT',
      remedy: expect.stringContaining('parent'),
    });
  });

  it('tells of a parent that was changed at another time than it notes', async () => {
    const { fileSystem, file } = await chain({ W2ru: utf16('.\\parent.vhd') });
    patchStructure(file, HEADER, 56, [1, 2, 3, 4]);
    await using image = await openVhd(CHILD, { fileSystem, parents });
    expect(image.info.warnings.map(({ code }) => code)).toEqual(['parent-time-differs']);
  });

  it('tells of a name that lies outside the file, and takes the next one', async () => {
    const { fileSystem, file } = await chain({ W2ru: utf16('.\\gone.vhd'), W2ku: utf16('C:\\parent.vhd') });
    patchStructure(file, HEADER, 576 + 16, bigEndian(2 ** 60, 8));
    await using image = await openVhd(CHILD, { fileSystem, parents });
    expect(image.info.warnings.map(({ code }) => code)).toEqual(['parent-name-unreadable']);
  });

  it('that is its own parent is CORRUPT', async () => {
    const { fileSystem, file } = await chain({ W2ru: utf16('.\\child.vhd') });
    patchStructure(file, HEADER, 40, file.slice(68, 84));
    await expect(openVhd(CHILD, { fileSystem, parents })).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});
