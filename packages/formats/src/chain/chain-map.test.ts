import { expect, it } from 'vitest';
import { ChainMap } from './chain-map.ts';
import type { Layer } from './layer.ts';

const UNIT = 512;
const UNITS = 4096;
const DEPTH = 20;

/** Layers that say nothing of any unit, a unit at a time; `lookups` counts what they are asked. */
function emptyChain() {
  const counted = { lookups: 0 };
  const layer: Layer = {
    sizeBytes: UNITS * UNIT,
    data: { path: 'image', handle: undefined as never, unitBytes: UNIT },
    runAt(offset, end) {
      counted.lookups += 1;
      return { kind: 'absent', start: offset, end: Math.min(end, offset + UNIT) };
    },
    decompress: () => Promise.reject(new Error('nothing is compressed')),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const map = new ChainMap(Array.from({ length: DEPTH }, () => layer));
  /** What a read of two units asks for. */
  const lookupsOf = async (unit: number): Promise<number> => {
    counted.lookups = 0;
    for await (const { kind } of map.read({ offset: unit * UNIT, length: 2 * UNIT }))
      expect(kind).toBe('zero');
    return counted.lookups;
  };
  return lookupsOf;
}

it('a read of a deep chain elsewhere than where the last one ended looks up its own bytes alone', async () => {
  const lookupsOf = emptyChain();
  for (const unit of [3000, 7, 2000, 5]) expect(await lookupsOf(unit)).toBe(2 * DEPTH);
});

it('reads of a deep chain that go on are looked up ahead, once for all of them', async () => {
  const lookupsOf = emptyChain();
  expect(await lookupsOf(100)).toBe(2 * DEPTH);
  expect(await lookupsOf(102)).toBe((UNITS - 102) * DEPTH);
  for (const unit of [104, 106, 3000]) expect(await lookupsOf(unit)).toBe(0);
});
