import { crc32 } from 'node:zlib';
import { type Finding, SendenseError } from '@sendense/core';
import { createMemoryDisk, DiskContent, seededInteger } from '@sendense/testkit';
import { expect } from 'vitest';
import { browse } from './browse.ts';
import { pointOf } from './raw-point.ts';

/** A part of a disk: its first byte and its length. */
export type Place = readonly [number, number];

/** What a zip tells of a file system that is whole. */
const OF_ZIP: ReadonlySet<string> = new Set(['hard-links-copied', 'name-changed']);

/** Opens the disk and archives all of it, as tar or zip by what it holds; how that ended. The archive has less than `mostBytes`. */
export async function browseAll(
  bytes: Uint8Array,
  mostBytes: number,
): Promise<'whole' | 'in part' | 'refused'> {
  const content = new DiskContent(bytes.byteLength);
  content.write(0, bytes);
  const disk = createMemoryDisk({ sizeBytes: bytes.byteLength, content });
  await using session = await browse(pointOf([disk.openReader()]));
  let told = session.findings.length;
  let size = 0;
  try {
    const found = await session.find('/');
    const tell = ({ code }: Finding): void => {
      if (!OF_ZIP.has(code)) told += 1;
    };
    const format = crc32(bytes) % 2 === 0 ? 'tar' : 'zip';
    for await (const piece of session[format](found, 'all', tell)) {
      size += piece.byteLength;
      expect(size).toBeLessThan(mostBytes);
    }
    const page = await session.list('/');
    for (const { name } of page.entries) expect(name).not.toMatch(/[/\0]|^\.{1,2}$|^$/u);
  } catch (error) {
    expect(
      SendenseError.is(error, 'CORRUPT') || SendenseError.is(error, 'FORMAT_UNSUPPORTED'),
      String(error),
    ).toBe(true);
    return 'refused';
  }
  return told > 0 ? 'in part' : 'whole';
}

/** A copy with some bytes changed, most of them in one of `places`. */
export function mutate(whole: Uint8Array, places: readonly Place[], random: () => number): Uint8Array {
  const bytes = Uint8Array.from(whole);
  for (let count = 1 + seededInteger(random, 6); count > 0; count -= 1) {
    const [start, length] = places[seededInteger(random, places.length)] ?? [0, 1];
    const at = start + seededInteger(random, length);
    const value = [0, 0xff, 1, seededInteger(random, 256)][seededInteger(random, 4)] ?? 0;
    const width = [1, 1, 2, 4, 64][seededInteger(random, 5)] ?? 1;
    bytes.fill(value, at, at + width);
  }
  return bytes;
}
