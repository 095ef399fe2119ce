import { expect, it } from 'vitest';
import { encodeName } from '../paths/entry-name.ts';
import { ENTRY_BYTES, parseFatDirectory } from './directory-entries.ts';

const SHORT = 'SHORT   TXT';
const PART_UNITS = 13;
/** Where the units of a part lie in its entry. */
const PLACES = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30] as const;

/** A file with a long name of these units: its parts, the last first, then the short name. */
function fileNamed(name: string): Buffer {
  const short = Buffer.alloc(ENTRY_BYTES);
  short.write(SHORT, 'latin1');
  const sum = short
    .subarray(0, 11)
    .reduce((total, byte) => (((total & 1) << 7) + (total >> 1) + byte) & 0xff, 0);
  const count = Math.ceil(name.length / PART_UNITS);
  const parts = Array.from({ length: count }, (_, index) => {
    const part = Buffer.alloc(ENTRY_BYTES, 0xff);
    part[0] = index + 1 + (index + 1 === count ? 0x40 : 0);
    [part[11], part[12], part[13]] = [0x0f, 0, sum];
    part.writeUInt16LE(0, 26);
    const units = name.slice(index * PART_UNITS, (index + 1) * PART_UNITS);
    for (const [unit, at] of PLACES.entries())
      if (unit <= units.length) part.writeUInt16LE(unit < units.length ? units.charCodeAt(unit) : 0, at);
    return part;
  });
  return Buffer.concat([...parts.toReversed(), short]);
}

const nameOf = (name: string): string | undefined =>
  parseFatDirectory(fileNamed(name), 0).entries.map((entry) => entry.name)[0];

it.each([
  'plain',
  'thirteen unit',
  'a name of more than thirteen units',
  'twelve units🗂 and a pair in two parts',
])('A long name is given as it is: %s', (name) => {
  expect(nameOf(name)).toBe(name);
});

it('Halves of pairs in long names keep apart, and give the bytes that UTF-8 would have for them', () => {
  const names = ['a\ud800b', 'a\ud801b', 'a\udc80b', 'a\udcffb', 'twelve units\ud800 in two parts'].map(
    nameOf,
  );
  const bytes = names.map((name) => Buffer.from(encodeName(name ?? '')).toString('hex'));
  expect(bytes.slice(0, 4)).toEqual(['61eda08062', '61eda08162', '61edb28062', '61edb3bf62']);
  expect(bytes[4]).toContain('eda080');
});
