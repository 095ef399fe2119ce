import { seededBytes, seededInteger, seededRandom } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { ZipEnd } from './zip-end.ts';

/** Numbers of 2, 4 or 8 bytes, the lowest byte first. */
function pack(...fields: readonly (readonly [width: number, value: number])[]): Buffer {
  return Buffer.concat(
    fields.map(([width, value]) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt(value));
      return bytes.subarray(0, width);
    }),
  );
}

const FULL = 0xff_ff_ff_ff;
const endRecord = (count: number, sizeBytes: number, offset: number) =>
  pack([4, 0x06054b50], [4, 0], [2, count], [2, count], [4, sizeBytes], [4, offset], [2, 0]);

/** An archive of so many bytes of content and directory, which are not looked at. */
function zip(content: Uint8Array, directory: Uint8Array): Buffer {
  return Buffer.concat([content, directory, endRecord(1, directory.length, content.length)]);
}

/** The same whose end is told by records of zip64. */
function longZip(content: Uint8Array, directory: Uint8Array): Buffer {
  const at = content.length + directory.length;
  return Buffer.concat([
    content,
    directory,
    pack([4, 0x06064b50], [8, 44], [2, 45], [2, 45], [8, 0], [8, 1], [8, 1]),
    pack([8, directory.length], [8, content.length]),
    pack([4, 0x07064b50], [4, 0], [8, at], [4, 1]),
    endRecord(1, directory.length, FULL),
  ]);
}

/** Whether the end is reached after `bytes`, which come in pieces of any size. */
function isWhole(bytes: Uint8Array, random: () => number): boolean {
  const end = new ZipEnd();
  for (let at = 0; at < bytes.length; ) {
    const next = at + seededInteger(random, 300) + 1;
    end.push(bytes.subarray(at, next));
    at = next;
  }
  return end.isReached;
}

const CONTENT = seededBytes(7, 700);
const DIRECTORY = seededBytes(8, 90);

it.each([
  ['its records', zip],
  ['those of zip64', longZip],
])('is where %s say, wherever the archive is cut, and not that of an archive in it', (_, make) => {
  const random = seededRandom(33);
  const archive = make(
    Buffer.concat([CONTENT, zip(CONTENT, DIRECTORY), longZip(CONTENT, DIRECTORY)]),
    DIRECTORY,
  );
  for (let cut = 0; cut < archive.length; cut += 1)
    expect(isWhole(archive.subarray(0, cut), random), `${cut}`).toBe(false);
  for (let round = 0; round < 20; round += 1) expect(isWhole(archive, random)).toBe(true);
});

it('is none of any other bytes', () => {
  const random = seededRandom(34);
  const short = endRecord(1, 0, FULL);
  const empty = zip(Buffer.alloc(0), Buffer.alloc(0));
  expect(isWhole(empty, random)).toBe(true);
  const noted = Buffer.from(empty);
  noted[20] = 1; // a comment that is not there
  for (const bytes of [short, noted, Buffer.alloc(200), Buffer.concat([Buffer.alloc(100), short])])
    expect(isWhole(bytes, random)).toBe(false);
});
