import type { BlockReader, ByteRange, Extent } from '@sendense/core';
import { expect, it } from 'vitest';
import { KnownExtents } from './known-extents.ts';

const UNIT = 4096;

/** A disk whose units are data and holes by turns, and a count of how often it is asked and how much it tells. */
function striped(units: number) {
  const asked = { times: 0, extents: 0 };
  async function* extents({ offset, length }: ByteRange): AsyncGenerator<Extent> {
    asked.times += 1;
    for (let at = offset; at < offset + length; at += UNIT - (at % UNIT)) {
      asked.extents += 1;
      const kind = Math.floor(at / UNIT) % 2 === 0 ? 'data' : 'zero';
      yield { offset: at, length: UNIT - (at % UNIT), kind };
    }
  }
  const reader: BlockReader = {
    sizeBytes: units * UNIT,
    limits: { alignmentBytes: 1, maxBytes: UNIT, maxInFlight: 1, order: 'random' },
    read: async () => undefined,
    extents,
    [Symbol.asyncDispose]: async () => undefined,
  };
  return { known: new KnownExtents(reader), asked };
}

it('tells the extent of each byte, whichever is asked first', async () => {
  const { known } = striped(40);
  for (const offset of [17 * UNIT + 5, 0, 39 * UNIT, 18 * UNIT - 1, UNIT, 2 * UNIT - 1, 40 * UNIT - 1]) {
    const extent = await known.at(offset);
    const unit = Math.floor(offset / UNIT);
    expect(extent.kind).toBe(unit % 2 === 0 ? 'data' : 'zero');
    expect(extent.offset).toBeLessThanOrEqual(offset);
    expect(extent.offset + extent.length).toBe((unit + 1) * UNIT);
  }
});

it('asks seldom on a walk over many extents, and keeps few of them', async () => {
  const units = 20_000;
  const { known, asked } = striped(units);
  for (let unit = 0; unit < units; unit++) await known.at(unit * UNIT);
  expect(asked.times).toBe(Math.ceil(units / 4096));
  expect(asked.extents).toBeLessThanOrEqual(units + asked.times);
});
