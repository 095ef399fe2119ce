import { SendenseError } from '@sendense/core';
import { seededRandom } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { opened, readAll, scattered, streamOf } from '../../test/stream-fixtures.ts';

const CASES = 400;
/** Header and markers are of 512 bytes; most damage is done to their fields. */
const FIELDS = [0, 4, 8, 12, 20, 28, 36, 44, 56, 64, 77];

describe('damaged streams of disks', () => {
  it(`end in bytes or in an error that tells why, in bounded time and memory (${CASES} seeded cases)`, async () => {
    const content = scattered();
    const stream = await streamOf(content);
    const random = seededRandom(7);
    const codes = new Set<string>();
    const integer = (below: number): number => Math.floor(random() * below);
    for (let index = 0; index < CASES; index += 1) {
      const damaged = Buffer.from(stream);
      const inHead = integer(3) === 0;
      const sector = inHead ? 0 : 128 + integer(stream.length / 512 - 128);
      const at = sector * 512 + (FIELDS[integer(inHead ? FIELDS.length : 4)] ?? 0);
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
    expect([...codes].toSorted()).toEqual([
      'CONNECTION_LOST',
      'FORMAT_INVALID',
      'FORMAT_UNSUPPORTED',
      'read',
    ]);
  });
});
