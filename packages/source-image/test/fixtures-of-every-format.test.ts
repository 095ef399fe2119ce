import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlockReader } from '@sendense/core';
import type { DiskContent } from '@sendense/testkit';
import { type DiskFixture, diskFixtures } from '@sendense/tests/disk-fixtures';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { machineOf, Workbench } from './workbench.ts';

const MIB = 2 ** 20;
const SEED = 20_261_123;
let bench: Workbench;
beforeEach(async () => {
  bench = await Workbench.open();
});
afterEach(() => bench[Symbol.asyncDispose]());

/** Puts the files of a fixture into the folder, some under other names. */
async function place({ files }: DiskFixture, names: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const [name, bytes] of files) await writeFile(bench.path(names[name] ?? name), bytes);
}

/** Offset of the first piece that is read otherwise than it was written; `undefined`: none. */
async function firstDifference(reader: BlockReader, content: DiskContent): Promise<number | undefined> {
  for (let offset = 0; offset < content.sizeBytes; offset += MIB) {
    const length = Math.min(MIB, content.sizeBytes - offset);
    const read = new Uint8Array(length).fill(0xee);
    await reader.read(offset, read);
    if (Buffer.compare(read, content.bytes({ offset, length })) !== 0) return offset;
  }
  return undefined;
}

// its 4 GiB are read by the tests of the format
const small = Object.keys(diskFixtures).filter((name) => !name.includes('two chunks'));

it.each(small)('Captures the bytes of %s', async (name) => {
  const fixture = diskFixtures[name]?.(SEED) ?? expect.fail('no such fixture');
  await place(fixture);
  const source = bench.source({
    path: bench.path(fixture.image),
    parents: { folders: [bench.folder] },
    track: 'off',
  });
  await bench.round(source, [], async ({ disks: [disk] }) => {
    expect(disk?.sizeBytes).toBe(fixture.content.sizeBytes);
    const reader = disk?.reader ?? expect.fail('no disk');
    expect(await firstDifference(reader, fixture.content)).toBeUndefined();
  });
});

describe.each([
  ['VHDX differencing', 'parent.vhdx', 'parent_7F1C.avhdx'],
  ['VHD differencing', 'parent.vhd', 'parent_7F1C.avhd'],
])('A folder of Hyper-V with a checkpoint (%s)', (name, base, newest) => {
  const make = () => diskFixtures[name]?.(SEED) ?? expect.fail('no such fixture');

  it('is captured as the disk that goes on from the checkpoint, not as the state of before it', async () => {
    const fixture = make();
    await place(fixture, { [fixture.image]: newest });
    const source = bench.source({ folder: bench.folder, parents: { folders: [bench.folder] } });
    await bench.round(source, [], async ({ disks, spec, findings }) => {
      expect(disks.map(({ id }) => id)).toEqual([bench.path(newest)]);
      expect(spec.disks.map(({ label, slot }) => [label, slot.unit, slot.bootOrder])).toEqual([
        [newest, 0, 1],
      ]);
      expect(findings).toContainEqual(
        expect.objectContaining({ code: 'parent-of-disk', object: bench.path(base) }),
      );
      const reader = disks[0]?.reader ?? expect.fail('no disk');
      expect(await firstDifference(reader, fixture.content)).toBeUndefined();
    });
  });

  it('is refused while files of its folder may not be opened as parents', async () => {
    const fixture = make();
    await place(fixture, { [fixture.image]: newest });
    const source = bench.source({ folder: bench.folder });
    await expect(source.describe(await machineOf(source))).rejects.toMatchObject({
      message: expect.stringContaining(newest),
    });
  });

  it('is captured as the two disks that a list names', async () => {
    const fixture = make();
    await place(fixture, { [fixture.image]: newest });
    const path = [base, newest].map((file) => join(bench.folder, file));
    const source = bench.source({ path, parents: { folders: [bench.folder] } });
    await bench.round(source, [], async ({ disks }) => {
      expect(disks.map(({ id }) => id)).toEqual(path);
    });
  });
});
