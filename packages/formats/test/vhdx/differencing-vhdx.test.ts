import { openVhdx } from '@sendense/formats/vhdx';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { AT, KIB, littleEndian, MIB, sampleVhdx } from './patch-vhdx.ts';

const CHILD = '/images/child.avhdx';
const PARENT = '/images/parent.vhdx';
const parents = { folders: ['/images'] };
const LOCATOR = 'b7ef4ab09ed1814ab78925b8e9445913';
const LOCATOR_ITEM = '2d5fd3a80bb34d45abf7d3d84834ab0c';

const utf16 = (text: string) => Buffer.from(text, 'utf16le');

/** A parent locator with these keys and values. */
function locator(values: Readonly<Record<string, string>>): Uint8Array {
  const entries = Object.entries(values);
  const head = Buffer.alloc(20 + entries.length * 12);
  head.write(LOCATOR, 0, 'hex');
  head.writeUInt16LE(entries.length, 18);
  const texts: Buffer[] = [];
  let at = head.byteLength;
  for (const [index, [key, value]] of entries.entries()) {
    const [k, v] = [utf16(key), utf16(value)];
    head.writeUInt32LE(at, 20 + index * 12);
    head.writeUInt32LE(at + k.byteLength, 24 + index * 12);
    head.writeUInt16LE(k.byteLength, 28 + index * 12);
    head.writeUInt16LE(v.byteLength, 30 + index * 12);
    texts.push(k, v);
    at += k.byteLength + v.byteLength;
  }
  return Buffer.concat([head, ...texts]);
}

/** The data write GUID of a file, as a parent locator has it. */
function contentOf(file: Uint8Array): string {
  const bytes = Buffer.from(file.subarray(AT.headers[1][0] + 32, AT.headers[1][0] + 48));
  const backwards = (start: number, end: number) =>
    Buffer.from(new Uint8Array(bytes.subarray(start, end)).toReversed());
  const parts = [
    backwards(0, 4),
    backwards(4, 6),
    backwards(6, 8),
    bytes.subarray(8, 10),
    bytes.subarray(10),
  ];
  const hex = parts.map((part) => part.toString('hex'));
  return `{${hex.join('-').toUpperCase()}}`;
}

/**
 * A parent whose second block holds sevens, and a child that has nothing of the first block, sectors 1 and 9 of the second
 * (threes), zeros for the third.
 */
async function chain(
  names: Readonly<Record<string, string>>,
  linkage: (content: string) => Readonly<Record<string, string>>,
) {
  const { fileSystem, file: parent } = await sampleVhdx(PARENT);
  await sampleVhdx(CHILD, fileSystem);
  const child = new Uint8Array(6 * MIB);
  child.set(fileSystem.files.get(CHILD) ?? []);
  child.fill(3, 4 * MIB, 5 * MIB);
  // A parent, and where it is said which.
  child.set([2], AT.metadata + 64 * KIB + 4);
  const item = locator({ ...linkage(contentOf(parent)), ...names });
  child.set([6], AT.metadata + 10);
  child.set(Buffer.from(LOCATOR_ITEM, 'hex'), AT.metadata + 32 + 5 * 32);
  child.set(
    [...littleEndian(128 * KIB, 4), ...littleEndian(item.byteLength, 4), 4],
    AT.metadata + 32 + 5 * 32 + 16,
  );
  child.set(item, AT.metadata + 128 * KIB);
  // Block 1 is there in part, block 2 is zeros; the bitmap of the chunk (4096 blocks) lies behind everything.
  child.set([7], AT.table + 8);
  child.set([2], AT.table + 16);
  child.set([6, 0, 0x50], AT.table + 4096 * 8);
  child.set([0b10, 0b10], 5 * MIB + 256);
  fileSystem.files.set(CHILD, child);
  return fileSystem;
}

const bound = (content: string) => ({ parent_linkage: content });

describe('a differencing VHDX', () => {
  it('has the sectors of its bitmap and its zeros, and the others from its parent', async () => {
    const fileSystem = await chain({ relative_path: '.\\parent.vhdx' }, bound);
    await using image = await openVhdx(CHILD, { fileSystem, parents });
    expect(image.info).toMatchObject({ subformat: 'differencing', backing: './parent.vhdx', warnings: [] });
    const read = new Uint8Array(4 * MIB);
    await image.read(0, read);
    const expected = new Uint8Array(4 * MIB).fill(7, MIB, 2 * MIB);
    for (const sector of [1, 9]) expected.fill(3, MIB + sector * 512, MIB + (sector + 1) * 512);
    expect(Buffer.compare(read, expected)).toBe(0);
    const own = await collect(image.ownExtents({ offset: 0, length: 4 * MIB }));
    expect(own).toEqual([
      { offset: MIB + 512, length: 512, kind: 'data' },
      { offset: MIB + 9 * 512, length: 512, kind: 'data' },
      { offset: 2 * MIB, length: MIB, kind: 'zero' },
    ]);
  });

  it.each([
    ['a relative path', { relative_path: 'parent.vhdx' }],
    [
      'the path of a volume, by its last part',
      { volume_path: '\\\\?\\Volume{26A21BDA-A627-11D7-9931-806E6F6E6963}\\x\\parent.vhdx' },
    ],
    ['an absolute path, by its last part', { absolute_win32_path: '\\\\?\\D:\\vm\\parent.vhdx' }],
    [
      'the next path where the first leads nowhere',
      { relative_path: '..\\gone\\parent.vhdx', absolute_win32_path: 'D:\\parent.vhdx' },
    ],
  ])('finds its parent by %s', async (_, names) => {
    const fileSystem = await chain(names, bound);
    await using image = await openVhdx(CHILD, { fileSystem, parents });
    expect(image.files).toEqual([CHILD, PARENT]);
  });

  it('takes a parent with the content of either linkage, and refuses one with another', async () => {
    const other = '{01234567-89ab-cdef-0123-456789abcdef}';
    const either = (content: string) => ({ parent_linkage: other, parent_linkage2: content });
    const names = { relative_path: '.\\parent.vhdx' };
    await using image = await openVhdx(CHILD, { fileSystem: await chain(names, either), parents });
    expect(image.files).toEqual([CHILD, PARENT]);
    const fileSystem = await chain(names, () => ({ parent_linkage: other }));
    const refused = openVhdx(CHILD, { fileSystem, parents });
    await expect(refused).rejects.toMatchObject({
      code: 'CORRUPT',
      remedy: expect.stringContaining('parent'),
    });
  });

  it('opens no parent unless it is allowed to, and does not go without', async () => {
    const fileSystem = await chain({ relative_path: '.\\parent.vhdx' }, bound);
    await expect(openVhdx(CHILD, { fileSystem })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    const nameless = await chain({}, bound);
    const refused = openVhdx(CHILD, { fileSystem: nameless, parents });
    await expect(refused).rejects.toMatchObject({ code: 'PARENT_MISSING' });
  });

  it('with a block in part whose bitmap is missing is CORRUPT', async () => {
    const fileSystem = await chain({ relative_path: '.\\parent.vhdx' }, bound);
    fileSystem.files.get(CHILD)?.set([0, 0, 0], AT.table + 4096 * 8);
    await using image = await openVhdx(CHILD, { fileSystem, parents });
    await expect(image.read(MIB, new Uint8Array(512))).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});
