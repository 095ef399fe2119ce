import { SendenseError } from '@sendense/core';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { testScale, testSeed } from '@sendense/tests/scale';
import { expect, it } from 'vitest';
import { decompressLznt1 } from './lznt1.ts';

/** The example of [MS-XCA] 3.3. */
const EXAMPLE = Buffer.from(
  '38b08846232000204720410010a24701a045204400084501507900c045200524138805b4024a44ef0358028c091601484500be009e000401189000',
  'hex',
);
const TEXT =
  'F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D\0';

function chunk(data: readonly number[], isCompressed: boolean): number[] {
  const header = (isCompressed ? 0xb000 : 0x3000) | (data.length - 1);
  return [header & 0xff, header >> 8, ...data];
}

it('The example of the specification is decompressed, and what follows it is zeros', () => {
  const out = decompressLznt1(EXAMPLE, 65_536);
  expect(Buffer.from(out.subarray(0, TEXT.length)).toString('latin1')).toBe(TEXT);
  expect(out.subarray(TEXT.length).every((byte) => byte === 0)).toBe(true);
});

it('A chunk begins where 4 KiB before it end, whether those were filled or not', () => {
  const out = decompressLznt1(Uint8Array.from([...chunk([0, 65], true), ...chunk([66, 67], false)]), 8192);
  expect([out[0], out[1], out[4096], out[4097], out[4098]]).toEqual([65, 0, 66, 67, 0]);
});

it('A pair repeats what it writes itself', () => {
  // a byte, then: one back, 4095 long
  const out = decompressLznt1(Uint8Array.from(chunk([2, 7, 0xfc, 0x0f], true)), 4096);
  expect(out.every((byte) => byte === 7)).toBe(true);
});

it.each([
  ['repeats what was not there', chunk([1, 0, 0], true)],
  ['reaches back too far', chunk([2, 7, 0, 0x10], true)],
  ['holds more than a chunk can', chunk([2, 7, 0xff, 0x0f], true)],
  ['ends within a pair', chunk([2, 7, 0], true)],
  ['is cut off', [0xff, 0xbf, 0, 1]],
  ['is none, where clusters are', [0, 0, 0, 0]],
])('A chunk that %s is damage', (_, bytes) => {
  expect(() => decompressLznt1(Uint8Array.from(bytes), 4096)).toThrow(
    expect.objectContaining({ code: 'CORRUPT' }),
  );
});

/** How many bytes came of it, or the code of the damage. */
function outcomeOf(bytes: Uint8Array): unknown {
  try {
    return decompressLznt1(bytes, 4096).byteLength;
  } catch (error) {
    return SendenseError.is(error) ? error.code : error;
  }
}

it('Any bytes give as many bytes as were asked for, or damage', () => {
  const random = seededRandom(testSeed());
  let whole = 0;
  for (let round = 0; round < 2000 * testScale(); round += 1) {
    const bytes = Uint8Array.from(EXAMPLE);
    for (let count = 1 + seededInteger(random, 4); count > 0; count -= 1)
      bytes[seededInteger(random, bytes.byteLength)] = seededInteger(random, 256);
    const outcome = outcomeOf(bytes);
    expect([4096, 'CORRUPT']).toContain(outcome);
    if (outcome === 4096) whole += 1;
  }
  expect(whole).toBeGreaterThan(100);
});
