import { writeFile } from 'node:fs/promises';
import { openVmdk } from '@sendense/formats/vmdk';
import { collect } from '@sendense/testkit';
import { testScale } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { qemuImg, qemuIo, qemuMap } from '../qemu.ts';
import { seededRandom } from '../seeded-random.ts';
import { type TemporaryFolder, temporaryFolder } from '../temporary-folder.ts';

const MIB = 1024 * 1024;
const SEED = 20_261_123;
const ROUNDS = Math.round(4 * testScale());

/** A chain of three that QEMU wrote to at random: data, and zeros where the top can say so. */
async function chain(folder: TemporaryFolder, subformats: readonly [string, string, string], seed: number) {
  const random = seededRandom(seed);
  const names = ['base.vmdk', 'middle.vmdk', 'top.vmdk'];
  for (const [index, name] of names.entries()) {
    const backing = index === 0 ? [] : ['-b', names[index - 1] ?? '', '-F', 'vmdk'];
    const options = `subformat=${subformats[index]},zeroed_grain=${index === 0 ? 'off' : 'on'}`;
    await qemuImg('create', '-q', '-f', 'vmdk', '-o', options, ...backing, folder.file(name), '6M');
    const writes = Array.from({ length: 6 }, () => {
      const [at, length] = [random.below(6 * MIB - 300_000), 1 + random.below(300_000)];
      if (random.below(3) === 0) return `write -z ${at - (at % 65_536)} 131072`;
      return `write -P ${1 + random.below(255)} ${at} ${length}`;
    });
    await qemuIo(folder.file(name), ...writes);
  }
  return folder.file('top.vmdk');
}

describe('a chain that QEMU wrote', () => {
  it(`is read byte for byte and mapped alike (seed ${SEED})`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await using folder = await temporaryFolder();
      const middle = round % 2 === 0 ? 'monolithicSparse' : 'twoGbMaxExtentSparse';
      const top = await chain(folder, ['monolithicSparse', middle, 'monolithicSparse'], SEED + round);
      await using ours = await openVmdk(top, { parents: { folders: [folder.path] } });
      const read = Buffer.alloc(ours.sizeBytes);
      await ours.read(0, read);
      await writeFile(folder.file('read'), read);
      await qemuImg('compare', '-q', '-f', 'raw', '-F', 'vmdk', folder.file('read'), top);
      expect(await collect(ours.map({ offset: 0, length: ours.sizeBytes }))).toEqual(await qemuMap(top));
    }
  });

  it('whose base was written to since is refused, and read by nothing without leave', async () => {
    await using folder = await temporaryFolder();
    const top = await chain(folder, ['monolithicSparse', 'monolithicSparse', 'monolithicSparse'], SEED);
    await expect(openVmdk(top)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    // A new writer gives the content a new id, whatever it writes.
    await qemuIo(folder.file('base.vmdk'), 'write -P 1 0 512');
    const refused = openVmdk(top, { parents: { folders: [folder.path] } });
    await expect(refused).rejects.toMatchObject({
      code: 'CORRUPT',
      remedy: expect.stringContaining('parent'),
    });
  });
});
