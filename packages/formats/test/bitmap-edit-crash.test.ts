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
