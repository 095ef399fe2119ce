import { SendenseError } from '@sendense/core';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { TarEnd } from './tar-end.ts';

const BLOCK = 512;

/** A header block with what the end of an archive depends on. */
function header(sizeBytes: number, type = '0'): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write('name', 0);
  block.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  block.write(type, 156);
  block.write('ustar\x0000', 257, 'latin1');
  return block;
}

/** Records in as many blocks as they take, behind their header. */
function extended(records: string): Buffer {
  const bytes = Buffer.alloc(Math.ceil(records.length / BLOCK) * BLOCK);
  bytes.write(records, 'latin1');
  return Buffer.concat([header(records.length, 'x'), bytes]);
}

/** The record of a path that reads like one of a size, over two blocks, and one of the size. */
const LONG_SIZE = `611 path=${'p'.repeat(590)}\n11 size=77\n13 size=1500\n`;

const ARCHIVE = Buffer.concat([
  header(0, '5'),
  header(1500),
  Buffer.alloc(3 * BLOCK), // a file of zeros: no end
  extended(LONG_SIZE),
  header(0),
  Buffer.alloc(3 * BLOCK),
  header(0),
  Buffer.alloc(2 * BLOCK),
]);

/** Whether the end is reached after `bytes`, which come in pieces of any size. */
function isWhole(bytes: Buffer, random: () => number, mostBytes = 2000): boolean {
  const end = new TarEnd();
  for (let at = 0; at < bytes.length; ) {
    const next = at + seededInteger(random, mostBytes) + 1;
    end.push(bytes.subarray(at, next));
    at = next;
  }
  return end.isReached;
}

it('is two blocks of zeros where a header would be, wherever the archive is cut, and not the zeros of a file', () => {
  const random = seededRandom(31);
  for (let cut = 0; cut < ARCHIVE.length; cut += 1)
    expect(isWhole(ARCHIVE.subarray(0, cut), random), `${cut}`).toBe(false);
  for (const mostBytes of [1, 7, BLOCK, 100_000]) expect(isWhole(ARCHIVE, random, mostBytes)).toBe(true);
  expect(isWhole(Buffer.alloc(2 * BLOCK), random)).toBe(true);
});

it('is not one block of zeros before another header', () => {
  const lone = [Buffer.alloc(BLOCK), header(0), Buffer.alloc(BLOCK)];
  expect(isWhole(Buffer.concat(lone), seededRandom(1))).toBe(false);
  expect(isWhole(Buffer.concat([...lone, Buffer.alloc(BLOCK)]), seededRandom(1))).toBe(true);
});

it.each([
  ['a page of a proxy', Buffer.from('<html>'.padEnd(BLOCK))],
  ['a size that is no number', Buffer.from(header(0).toString('latin1').replace('0', 'z'), 'latin1')],
  ['an extended header without end', header(8 ** 11 - 1, 'x')],
  ['records that are none', extended('size=3\n')],
  ['a record without length', extended('0 size=3\n')],
  ['a record that goes on behind its header', extended('999 size=3\n')],
])('is not looked for in what is no archive: %s', (_, bytes) => {
  expect(() => new TarEnd().push(bytes)).toThrow('no tar archive');
});

/** What comes of bytes: `true` for a whole archive, `false` for one that was cut, else the code of what was thrown. */
function outcome(bytes: Buffer, random: () => number): boolean | string {
  try {
    return isWhole(bytes, random);
  } catch (error) {
    return SendenseError.is(error) ? error.code : 'another error';
  }
}

it('is found, or not, or refused, in any bytes', () => {
  const random = seededRandom(32);
  const outcomes = new Set<boolean | string>();
  for (let round = 0; round < 3000; round += 1) {
    const bytes = Buffer.from(ARCHIVE);
    for (let count = seededInteger(random, 4); count >= 0; count -= 1)
      bytes[seededInteger(random, bytes.length)] = seededInteger(random, 256);
    outcomes.add(outcome(bytes, random));
  }
  expect(outcomes).toEqual(new Set([true, false, 'PROTOCOL_VIOLATION']));
});
