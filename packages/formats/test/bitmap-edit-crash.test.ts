import { addBitmap, checkQcow2, openQcow2, removeBitmap } from '@sendense/formats/qcow2';
import { describe, expect, it } from 'vitest';
import { applyOperation, type FileOperation, MemoryFileSystem } from './memory-file-system.ts';
import { BASE, FOLDER, IMAGE, SAMPLE_BYTES, sampleImage } from './sample-image.ts';

/** Writes between two syncs reach the disk in any combination; more than this many are cut one by one only. */
const MAX_SUBSET_WRITES = 10;

type Edit = (fileSystem: MemoryFileSystem) => Promise<void>;

const edits: readonly { readonly name: string; readonly edit: Edit; readonly after: readonly string[] }[] = [
  {
    name: 'adding a bitmap',
    edit: (fileSystem) => addBitmap(IMAGE, { fileSystem, name: 'new', granularityBytes: 4096 }),
    after: ['a', 'b', 'new'],
  },
  { name: 'removing a bitmap', edit: (fileSystem) => removeBitmap(IMAGE, 'a', { fileSystem }), after: ['b'] },
];

describe.each(edits)('$name', ({ edit, after }) => {
  it('leaves the old or the new bitmaps and no damage, wherever the power fails', async () => {
    const { before, operations } = await record(edit);
    let cuts = 0;
    for (const bytes of powerCuts(before, operations)) {
      cuts += 1;
      const { damaged, names } = await inspect(bytes);
      expect(damaged).toBe(false);
      expect([['a', 'b'], after]).toContainEqual(names);
    }
    console.info(`cuts: ${cuts}`);
    expect(cuts).toBeGreaterThan(8);
  });

  it('would be damaged at some cut if any one sync were left out', async () => {
    const { before, operations } = await record(edit);
    const syncs = operations.flatMap(({ kind }, index) => (kind === 'sync' ? [index] : []));
    // Nothing follows the last sync: it only makes the freed clusters durable before the caller is told.
    for (const left of syncs.slice(0, -1)) {
      const reordered = operations.filter((_, index) => index !== left);
      const states = await Promise.all([...powerCuts(before, reordered)].map(inspect));
      expect(states.some(({ damaged }) => damaged)).toBe(true);
    }
  });
});

it('making a new refcount block, too, leaves no damage wherever the power fails', async () => {
  const fileSystem = await sampleImage({ clusterBytes: 512, backing: true });
  let before = new Uint8Array();
  let operations: readonly FileOperation[] = [];
  for (let index = 0; operations.filter(({ kind }) => kind === 'sync').length <= 3; index += 1) {
    expect(index).toBeLessThan(300);
    fileSystem.operations.length = 0;
    before = Uint8Array.from(fileSystem.files.get(IMAGE) ?? []);
    await addBitmap(IMAGE, { fileSystem, name: `bitmap-${index}`, granularityBytes: 65_536 });
    operations = [...fileSystem.operations];
  }
  for (const bytes of powerCuts(before, operations)) {
    expect((await inspect(bytes)).damaged).toBe(false);
  }
});

async function record(edit: Edit): Promise<{ before: Uint8Array; operations: readonly FileOperation[] }> {
  const fileSystem = await sampleImage({ bitmaps: ['a', 'b'] });
  const before = Uint8Array.from(fileSystem.files.get(IMAGE) ?? []);
  await edit(fileSystem);
  return { before, operations: [...fileSystem.operations] };
}

/** Every content the file can have: all before a sync is there, of what follows any part. */
function* powerCuts(before: Uint8Array, operations: readonly FileOperation[]): Generator<Uint8Array> {
  let durable = before;
  let pending: FileOperation[] = [];
  for (const operation of [...operations, { kind: 'sync' } as const]) {
    if (operation.kind !== 'sync') {
      pending.push(operation);
      continue;
    }
    for (let subset = 0; subset < 2 ** Math.min(pending.length, MAX_SUBSET_WRITES); subset += 1) {
      yield pending.filter((_, index) => (subset >> index) & 1).reduce(applyOperation, durable);
    }
    durable = pending.reduce(applyOperation, durable);
    pending = [];
  }
}

async function inspect(bytes: Uint8Array): Promise<{ damaged: boolean; names: readonly string[] }> {
  const fileSystem = new MemoryFileSystem();
  fileSystem.files.set(IMAGE, bytes);
  const { errors } = await checkQcow2(IMAGE, { fileSystem });
  fileSystem.files.set(BASE, new Uint8Array(SAMPLE_BYTES));
  await using image = await openQcow2(IMAGE, { fileSystem, parents: { folders: [FOLDER] } });
  const damaged = errors > 0 || image.info.warnings.length > 0;
  return { damaged, names: image.bitmaps.map(({ name }) => name) };
}

describe('an image whose refcount table is full', () => {
  it('gets a larger table with a bitmap, and is whole wherever the power fails', async () => {
    const fileSystem = await sampleImage({ clusterBytes: 512, bitmaps: ['a', 'b'] });
    fillRefcountTable(fileSystem);
    const before = Uint8Array.from(fileSystem.files.get(IMAGE) ?? []);
    const tableBefore = tableOf(before);
    fileSystem.operations.length = 0;
    await addBitmap(IMAGE, { fileSystem, name: 'new', granularityBytes: 4096 });
    const operations = [...fileSystem.operations];
    expect(tableOf(fileSystem.files.get(IMAGE)).bytes).toBeGreaterThan(tableBefore.bytes);
    let cuts = 0;
    for (const bytes of powerCuts(before, operations)) {
      cuts += 1;
      const { damaged, names } = await inspect(bytes);
      expect(damaged).toBe(false);
      expect([
        ['a', 'b'],
        ['a', 'b', 'new'],
      ]).toContainEqual(names);
    }
    console.info(`cuts: ${cuts}`);
    // the table, its block and the old one freed: the same syncs as any edit, and two more
    expect(operations.filter(({ kind }) => kind === 'sync')).toHaveLength(5);
  });

  it('would be damaged at some cut if the sync before the header were left out', async () => {
    const fileSystem = await sampleImage({ clusterBytes: 512, bitmaps: ['a', 'b'] });
    fillRefcountTable(fileSystem);
    const before = Uint8Array.from(fileSystem.files.get(IMAGE) ?? []);
    fileSystem.operations.length = 0;
    await addBitmap(IMAGE, { fileSystem, name: 'new', granularityBytes: 4096 });
    const [first] = fileSystem.operations.flatMap(({ kind }, index) => (kind === 'sync' ? [index] : []));
    const reordered = fileSystem.operations.filter((_, index) => index !== first);
    const states = await Promise.all([...powerCuts(before, reordered)].map(inspect));
    expect(states.some(({ damaged }) => damaged)).toBe(true);
  });

  it('can be edited again and again, and the old tables are used again', async () => {
    const fileSystem = await sampleImage({ clusterBytes: 512 });
    fillRefcountTable(fileSystem);
    for (let index = 0; index < 30; index += 1)
      await addBitmap(IMAGE, { fileSystem, name: `bitmap-${index}`, granularityBytes: 512 });
    for (let index = 0; index < 30; index += 2) await removeBitmap(IMAGE, `bitmap-${index}`, { fileSystem });
    const { damaged, names } = await inspect(fileSystem.files.get(IMAGE) ?? new Uint8Array());
    expect([damaged, names.length]).toEqual([false, 15]);
  });
});

/** Offset and length in bytes of the refcount table that the header names. */
function tableOf(bytes: Uint8Array = new Uint8Array()): { offset: number; bytes: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { offset: Number(view.getBigUint64(48)), bytes: view.getUint32(56) * 512 };
}

/** Makes every entry of the table name a block that counts all its clusters: nothing is free any more. */
function fillRefcountTable(fileSystem: MemoryFileSystem): void {
  const image = fileSystem.files.get(IMAGE) ?? new Uint8Array();
  const table = tableOf(image);
  const entries = table.bytes / 8;
  const end = Math.ceil(image.byteLength / 512) * 512;
  const filled = new Uint8Array(end + entries * 512);
  filled.set(image);
  const view = new DataView(filled.buffer);
  for (let entry = 0; entry < entries; entry += 1) {
    const known = Number(view.getBigUint64(table.offset + entry * 8));
    const block = known === 0 ? end + entry * 512 : known;
    view.setBigUint64(table.offset + entry * 8, BigInt(block));
    for (let at = 0; at < 512; at += 2) if (view.getUint16(block + at) === 0) view.setUint16(block + at, 1);
  }
  fileSystem.files.set(IMAGE, filled);
}
