import { expect, it } from 'vitest';
import type { PhysicalVolume } from './physical-volume.ts';
import { PhysicalVolumes } from './physical-volumes.ts';

const MIB = 2 ** 20;

function volume(id: string, text: string): PhysicalVolume {
  return { id, text, source: { sizeBytes: MIB, read: () => Promise.resolve() }, damagedAreas: 0 };
}

it('Metadata of physical volumes is kept up to a bound, the same text once, and what is not kept is told', () => {
  const physical = new PhysicalVolumes();
  const same = 'a'.repeat(16 * MIB);
  for (let index = 0; index < 8; index += 1)
    physical.add(volume(`same ${index}`, same), placeOf(`disk-0-p${index}`, index));
  expect(physical.findings).toEqual([]);
  for (const [index, letter] of ['b', 'c', 'd', 'e'].entries())
    physical.add(volume(letter, letter.repeat(16 * MIB)), placeOf(`disk-0-p${10 + index}`, 10 + index));
  expect(physical.findings).toMatchObject([{ code: 'volume-unreadable', object: 'disk-0-p13' }]);
  expect(physical.volumes.filter(({ text }) => text === undefined).map(({ id }) => id)).toEqual(['e']);
});

it('A physical volume that lies over another one, or has its id, is not used, and that is told', () => {
  const physical = new PhysicalVolumes();
  physical.add(volume('first', ''), placeOf('disk-0-p1', 0));
  physical.add(volume('over', ''), { name: 'disk-0-p2', disk: 'disk-0', offset: MIB - 512, length: MIB });
  physical.add(volume('beside', ''), placeOf('disk-0-p3', 1));
  physical.add(volume('elsewhere', ''), { ...placeOf('disk-1', 0), disk: 'disk-1' });
  physical.add(volume('first', ''), placeOf('disk-0-p4', 2));
  expect(physical.volumes.map(({ id }) => id)).toEqual(['first', 'beside', 'elsewhere']);
  expect(physical.findings).toMatchObject([
    { code: 'volume-unreadable', object: 'disk-0-p2' },
    { code: 'volume-unreadable', object: 'disk-0-p4' },
  ]);
});

/** The place of a volume of 1 MiB at `index` MiB of the first disk. */
function placeOf(name: string, index: number) {
  return { name, disk: 'disk-0', offset: index * MIB, length: MIB };
}
