import { seededInteger, seededRandom } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { LogChanges } from './log-changes.ts';
import { LOG_SECTOR_BYTES, type LogChange } from './log-entry.ts';

const SEED = 20_261_121;
const SECTORS = 64;

function zero(first: number, sectors: number): LogChange {
  return { kind: 'zero', offset: first * LOG_SECTOR_BYTES, length: sectors * LOG_SECTOR_BYTES };
}

function data(sector: number, position: number): LogChange {
  const offset = sector * LOG_SECTOR_BYTES;
  return { kind: 'data', offset, position, leading: new Uint8Array(8), trailing: new Uint8Array(4) };
}

describe('the changes of a log', () => {
  it(`are for each sector what the last of them says (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < 300; round += 1) {
      const changes = new LogChanges();
      const expected: (number | 'zero' | undefined)[] = Array.from({ length: SECTORS }, () => undefined);
      for (let count = seededInteger(random, 40); count > 0; count -= 1) {
        const first = seededInteger(random, SECTORS);
        if (seededInteger(random, 2) === 0) {
          changes.add(data(first, count));
          expected[first] = count;
        } else {
          const length = seededInteger(random, Math.min(12, SECTORS - first) + 1);
          changes.add(zero(first, length));
          expected.fill('zero', first, first + length);
        }
      }
      changes.seal();
      const found = expected.map((_, sector) => changes.at(sector * LOG_SECTOR_BYTES));
      expect(found.map((change) => (typeof change === 'object' ? change.position : change))).toEqual(
        expected,
      );
    }
  });

  it('are found without comparing each with each other', () => {
    const changes = new LogChanges();
    for (let index = 0; index < 16_384; index += 1) changes.add(data(1_000_000 + index, index));
    for (let index = 0; index < 49_152; index += 1) changes.add(zero(3 * index, 1));
    changes.seal();
    expect(changes.at(1_000_000 * LOG_SECTOR_BYTES)).toMatchObject({ position: 0 });
    expect(changes.touches(LOG_SECTOR_BYTES, 3 * LOG_SECTOR_BYTES)).toBe(false);
  });
});
