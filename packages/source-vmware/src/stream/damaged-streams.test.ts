import { SendenseError } from '@sendense/core';
import { seededRandom } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { frontStreamOf, opened, readAll, scattered, streamOf } from '../../test/stream-fixtures.ts';

const CASES = 400;
/** Header and markers are of 512 bytes; most damage is done to their fields. */
const FIELDS = [0, 4, 8, 12, 20, 28, 36, 44, 56, 64, 77];

/** What reading a disk with one damaged field ended in, in all cases. */
async function endsOf(stream: Buffer, seed: number, place: (below: (limit: number) => number) => number) {
  const content = scattered();
  const random = seededRandom(seed);
  const integer = (below: number): number => Math.floor(random() * below);
  const codes = new Set<string>();
  for (let index = 0; index < CASES; index += 1) {
    const damaged = Buffer.from(stream);
    const at = Math.min(place(integer), stream.length - 4);
    damaged.writeUIntLE(integer(2) === 0 ? integer(2 ** 32) : integer(256), at, 4);
    const { reader } = opened([damaged], content.sizeBytes);
    try {
      await readAll(reader);
      codes.add('read');
    } catch (error) {
      codes.add(SendenseError.is(error) ? error.code : `case ${index}: ${String(error)}`);
    } finally {
      await reader[Symbol.asyncDispose]();
    }
  }
  return [...codes].toSorted();
}

const ENDS = ['CONNECTION_LOST', 'FORMAT_INVALID', 'FORMAT_UNSUPPORTED', 'read'];

describe('damaged streams of disks', () => {
  it(`end in bytes or in an error that tells why, in bounded time and memory (${CASES} seeded cases)`, async () => {
    const stream = await streamOf(scattered());
    const ends = await endsOf(stream, 7, (integer) => {
      const inHead = integer(3) === 0;
      const sector = inHead ? 0 : 128 + integer(stream.length / 512 - 128);
      return sector * 512 + (FIELDS[integer(inHead ? FIELDS.length : 4)] ?? 0);
    });
    expect(ends).toEqual(ENDS);
  });

  it(`do so with a directory in front, damaged in its entries as well (${CASES} seeded cases)`, async () => {
    const { bytes, places } = frontStreamOf(scattered());
    const ends = await endsOf(bytes, 8, (integer) => {
      const kind = integer(4);
      if (kind === 0) return FIELDS[integer(FIELDS.length)] ?? 0;
      if (kind === 1) return 512;
      return kind === 2 ? 1024 + 4 * integer(45) : (places[integer(places.length)] ?? 0) + 4 * integer(4);
    });
    expect(ends).toEqual(ENDS);
  });
});
