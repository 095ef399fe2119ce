import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { dirtyRuns } from './dirty-runs.ts';

it('runs of set bits are those found bit by bit (seed 1)', async () => {
  const bytes = fc.array(fc.constantFrom(0, 0, 0xff, 0xff, 1, 0x80, 0x5a), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(bytes, fc.nat({ max: 1000 }), async (values, base) => {
      const bits = values.flatMap((value) => Array.from({ length: 8 }, (_, bit) => (value >> bit) & 1));
      const expected = bits.flatMap((bit, index) => {
        if (bit === 0 || bits[index - 1] === 1) return [];
        const clear = bits.indexOf(0, index);
        return [{ first: base + index, end: base + (clear === -1 ? bits.length : clear) }];
      });
      expect([...dirtyRuns(Uint8Array.from(values), base)]).toEqual(expected);
    }),
    { seed: 1, numRuns: 500 },
  );
});
