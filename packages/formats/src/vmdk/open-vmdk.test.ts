import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { MemoryFileSystem } from '../../test/memory-file-system.ts';
import { cowdExtent, descriptorText, type Grains, sesparseExtent } from '../../test/vmdk/esx-extents.ts';
import { createVmdk } from './create-vmdk.ts';
import { openVmdk } from './open-vmdk.ts';

const FOLDER = '/images';
const DISK = `${FOLDER}/disk.vmdk`;
const parents = { folders: [FOLDER] };
const GRAIN = 65_536;

function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

/** Files by name in the one folder. */
function filesOf(files: Readonly<Record<string, string | Uint8Array>>): MemoryFileSystem {
  const fileSystem = new MemoryFileSystem();
  for (const [name, bytes] of Object.entries(files))
    fileSystem.files.set(`${FOLDER}/${name}`, new Uint8Array(Buffer.from(bytes)));
  return fileSystem;
}

/** A sparse or stream image with data in the grains 0, 1 and 600 (of the second table). */
async function sample(subformat: 'monolithicSparse' | 'streamOptimized') {
  const fileSystem = new MemoryFileSystem();
  const writer = await createVmdk(DISK, { fileSystem, subformat, sizeBytes: 1024 * GRAIN });
  await writer.write(0, filled(2 * GRAIN, 1));
  await writer.write(600 * GRAIN, filled(GRAIN, 2));
  await writer.flush();
  await writer[Symbol.asyncDispose]();
  const bytes = fileSystem.files.get(DISK) ?? new Uint8Array();
  return { fileSystem, bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

async function readByte(fileSystem: MemoryFileSystem, offset: number): Promise<number | undefined> {
  await using image = await openVmdk(DISK, { fileSystem, parents });
  const into = new Uint8Array(1);
  await image.read(offset, into);
  return into[0];
}

/** What the disk reads as, a letter for each unit. */
async function letters(fileSystem: MemoryFileSystem, unit: number): Promise<string> {
  await using image = await openVmdk(DISK, { fileSystem, parents });
  const into = new Uint8Array(image.sizeBytes);
  await image.read(0, into);
  const units = Array.from({ length: Math.ceil(into.byteLength / unit) }, (_, index) =>
    into.subarray(index * unit, (index + 1) * unit),
  );
  for (const bytes of units) expect(new Set(bytes).size).toBe(1);
  return units.map(([byte = 0]) => (byte === 0 ? '.' : String.fromCharCode(byte))).join('');
}

describe('the extents of a descriptor', () => {
  const flat = descriptorText({
    createType: 'custom',
    extents: ['RW 2 FLAT "a" 1', 'RW 1 ZERO', 'RDONLY 1 VMFS "b"'],
  });

  it('follow each other on the disk', async () => {
    const a = Buffer.concat([filled(512, 65), filled(512, 66), filled(512, 67), filled(512, 68)]);
    const fileSystem = filesOf({ 'disk.vmdk': flat, a, b: filled(512, 69) });
    expect(await letters(fileSystem, 512)).toBe('BC.E');
    await using image = await openVmdk(DISK, { fileSystem, parents });
    expect(await collect(image.locate({ offset: 256, length: 1500 }))).toEqual([
      { offset: 256, length: 768, at: { endpoint: { kind: 'file', path: `${FOLDER}/a` }, offset: 768 } },
      { offset: 1024, length: 512, at: 'zero' },
      { offset: 1536, length: 220, at: { endpoint: { kind: 'file', path: `${FOLDER}/b` }, offset: 0 } },
    ]);
    expect(image.files).toEqual([`${FOLDER}/a`, `${FOLDER}/b`]);
  });

  it('are opened only where the caller allows it, and the error says how', async () => {
    const fileSystem = filesOf({ 'disk.vmdk': flat, a: filled(2048, 1), b: filled(512, 1) });
    const refused = openVmdk(DISK, { fileSystem });
    await expect(refused).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('extent file "a"'),
      remedy: expect.stringContaining('parents'),
    });
    expect(fileSystem.opened).toEqual([DISK]);
  });

  it('that are missing, too short or of another kind are refused', async () => {
    const open = (files: Readonly<Record<string, Uint8Array>>, text = flat) =>
      openVmdk(DISK, { fileSystem: filesOf({ 'disk.vmdk': text, ...files }), parents });
    await expect(open({ a: filled(2048, 1) })).rejects.toMatchObject({ code: 'PARENT_MISSING' });
    await expect(open({ a: filled(1535, 1), b: filled(512, 1) })).rejects.toMatchObject({
      code: 'CORRUPT',
      context: { path: `${FOLDER}/a` },
    });
    const sparse = descriptorText({ createType: 'vmfsSparse', extents: ['RW 9 VMFSSPARSE "a"'] });
    await expect(open({ a: filled(4096, 1) }, sparse)).rejects.toMatchObject({ code: 'FORMAT_INVALID' });
    const short = { a: cowdExtent(8, new Map()) };
    await expect(open(short, sparse)).rejects.toMatchObject({ code: 'CORRUPT' });
    await expect(open({}, sparse.replace('"a"', '"disk.vmdk"'))).rejects.toMatchObject({
      code: 'FORMAT_INVALID',
    });
  });
});

describe('snapshots of ESXi', () => {
  const base = {
    'base.vmdk': descriptorText({
      createType: 'vmfs',
      contentId: '0000beef',
      extents: ['RW 40 VMFS "base-flat.vmdk"'],
    }),
    'base-flat.vmdk': filled(40 * 512, 66),
  };

  function child(type: string, extent: Uint8Array, contentId = 'beef') {
    const parent = { hint: 'base.vmdk', contentId };
    const extents = [`RW 40 ${type} "delta.vmdk"`];
    const text = descriptorText({
      createType: type === 'SESPARSE' ? 'seSparse' : 'vmfsSparse',
      extents,
      parent,
    });
    return filesOf({ ...base, 'disk.vmdk': text, 'delta.vmdk': extent });
  }

  it('as COWD are read over their parent', async () => {
    const grains: Grains = new Map([
      [0, filled(512, 67)],
      [1, filled(512, 68)],
      [39, filled(512, 69)],
    ]);
    const fileSystem = child('VMFSSPARSE', cowdExtent(40, grains));
    expect(await letters(fileSystem, 512)).toBe(`CD${'B'.repeat(37)}E`);
  });

  it('as SESparse are read over their parent, unmapped grains as zeros', async () => {
    const grains: Grains = new Map<number, Uint8Array | 'zero' | 'unmapped'>([
      [0, filled(4096, 67)],
      [1, 'zero'],
      [2, 'unmapped'],
      [4, filled(4096, 68)],
    ]);
    const fileSystem = child('SESPARSE', sesparseExtent(40, grains));
    expect(await letters(fileSystem, 4096)).toBe('C..BD');
  });

  it('of a parent that was changed since are refused', async () => {
    const fileSystem = child('VMFSSPARSE', cowdExtent(40, new Map()), 'beee');
    const refused = openVmdk(DISK, { fileSystem, parents });
    await expect(refused).rejects.toMatchObject({ code: 'CORRUPT', context: { found: '0000beef' } });
  });

  it('that are their own parent are found out', async () => {
    const fileSystem = child('VMFSSPARSE', cowdExtent(40, new Map()));
    const text = Buffer.from(fileSystem.files.get(DISK) ?? []).toString();
    fileSystem.files.set(DISK, Buffer.from(text.replace('"base.vmdk"', '"disk.vmdk"')));
    await expect(openVmdk(DISK, { fileSystem, parents })).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it('with a journal to replay, unknown flags or entries outside the file are refused', async () => {
    const grains: Grains = new Map([[0, filled(4096, 67)]]);
    const opened = async (at: number, value: bigint) => {
      const extent = sesparseExtent(40, grains);
      new DataView(extent.buffer).setBigUint64(at, value, true);
      const fileSystem = child('SESPARSE', extent);
      await readByte(fileSystem, 0);
    };
    await expect(opened(512 + 24, 1n)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
    await expect(opened(40, 4n)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
    await expect(opened(8, 0x2_0000_0002n)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
    await expect(opened(1024, 0x2000_0000_0000_0000n)).rejects.toMatchObject({ code: 'CORRUPT' });
    await expect(opened(1024, 0x1000_0000_0000_0001n)).rejects.toMatchObject({ code: 'CORRUPT' });
    await expect(opened(1536, 0x3001_0000_0000_0000n)).rejects.toMatchObject({ code: 'CORRUPT' });
    await expect(opened(1536, 0x0000_0000_0000_0001n)).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it.each(['delta.vmdk', 'base-flat.vmdk'])('are opened by the descriptor, not by %s', async (name) => {
    const fileSystem = child('VMFSSPARSE', cowdExtent(40, new Map()));
    const refused = openVmdk(`${FOLDER}/${name}`, { fileSystem, parents });
    const code = name === 'delta.vmdk' ? 'FORMAT_UNSUPPORTED' : 'FORMAT_INVALID';
    await expect(refused).rejects.toMatchObject({ code });
  });
});

describe('a damaged sparse image', () => {
  it.each([
    ['an unknown version', 4, 7, 'FORMAT_UNSUPPORTED', /version 7/],
    ['an unknown flag', 8, 0x0000_0103, 'FORMAT_UNSUPPORTED', /bit 8/],
    ['an unknown compression', 77, 2, 'FORMAT_UNSUPPORTED', /algorithm 2/],
    ['newlines that a transfer as text changed', 73, 0x0a0a_200d, 'FORMAT_INVALID', /newlines/],
    ['grains of no size', 20, 0, 'FORMAT_INVALID', /grain of 0/],
    ['grains that are no power of two', 20, 100, 'FORMAT_INVALID', /grain of 100/],
    ['tables of no entries', 44, 0, 'FORMAT_INVALID', /table of 0/],
    ['tables that are too large', 44, 513, 'FORMAT_INVALID', /table of 513/],
    ['a capacity that its descriptor does not have', 12, 5, 'FORMAT_INVALID', /5 sectors/],
    ['a directory larger than any disk needs', 16, 0x100, 'FORMAT_INVALID', /sectors/],
  ] as const)('with %s is refused', async (_, at, value, code, message) => {
    const { fileSystem, view } = await sample('monolithicSparse');
    view.setUint32(at, value, true);
    const refused = openVmdk(DISK, { fileSystem });
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(fileSystem.largestReadBytes).toBeLessThan(2 * 1024 * 1024);
  });

  it.each([
    ['leads outside the file', 0x7fff_ffff],
    ['is empty where its twin is not', 0],
  ])('whose grain directory %s is read by the redundant one, and says so', async (_, entry) => {
    const { fileSystem, view } = await sample('monolithicSparse');
    const directory = view.getUint32(56, true) * 512;
    view.setUint32(directory + 4, entry, true);
    expect(await readByte(fileSystem, 600 * GRAIN)).toBe(2);
    await using image = await openVmdk(DISK, { fileSystem });
    expect(image.info.warnings).toMatchObject([{ message: expect.stringContaining('redundant one') }]);
  });

  it('says when the redundant directory is damaged, and is refused when both are', async () => {
    const { fileSystem, view } = await sample('monolithicSparse');
    view.setUint32(view.getUint32(48, true) * 512, 0, true);
    await using image = await openVmdk(DISK, { fileSystem });
    expect(image.info.warnings).toMatchObject([{ code: 'vmdk-damage' }]);
    view.setUint32(view.getUint32(56, true) * 512, 1, true);
    await expect(openVmdk(DISK, { fileSystem })).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it('whose grain lies outside the file or in the header is refused where that is read', async () => {
    const { fileSystem, view } = await sample('monolithicSparse');
    const table = view.getUint32(view.getUint32(56, true) * 512, true) * 512;
    for (const sector of [0x7fff_ff00, 20]) {
      view.setUint32(table, sector, true);
      await expect(readByte(fileSystem, 0)).rejects.toMatchObject({ code: 'CORRUPT' });
      expect(await readByte(fileSystem, GRAIN)).toBe(1);
    }
  });

  it('that was not closed cleanly is read with a warning', async () => {
    const { fileSystem, view } = await sample('monolithicSparse');
    view.setUint8(72, 1);
    await using image = await openVmdk(DISK, { fileSystem });
    expect(image.info).toMatchObject({ dirty: true, warnings: [{ code: 'image-dirty' }] });
  });
});

describe('a damaged stream', () => {
  it('that was cut short is refused, wherever it ends', async () => {
    const { fileSystem, bytes } = await sample('streamOptimized');
    for (const length of [bytes.byteLength - 1, bytes.byteLength - 512, 72_000, 70_000, 15_000]) {
      fileSystem.files.set(DISK, bytes.slice(0, length));
      await expect(openVmdk(DISK, { fileSystem })).rejects.toMatchObject({
        code: 'CORRUPT',
        message: expect.stringContaining('cut short'),
      });
    }
  });

  it('whose footer contradicts its header is refused', async () => {
    const { fileSystem, view } = await sample('streamOptimized');
    view.setUint32(view.byteLength - 1024 + 20, 64, true);
    await expect(openVmdk(DISK, { fileSystem })).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it.each([
    ['belongs elsewhere', 0, 1],
    ['is too long', 8, 0x7fff_ffff],
    ['is empty', 8, 0],
    ['does not inflate', 20, 0xffff_ffff],
  ])('whose grain %s is refused where that is read', async (_, at, value) => {
    const { fileSystem, view } = await sample('streamOptimized');
    view.setUint32(GRAIN + at, value, true);
    await expect(readByte(fileSystem, 0)).rejects.toMatchObject({
      code: 'CORRUPT',
      context: { path: DISK },
    });
    expect(await readByte(fileSystem, GRAIN)).toBe(1);
  });
});
