import { memoryInUse } from '@sendense/tests/collect-garbage';
import { expect, it } from 'vitest';
import { LinkedFiles } from '../src/iso/linked-files.ts';

const MIB = 2 ** 20;
const PARTS = 10_000;

/** A file with two names, whose parts follow each other from a byte on. */
function fileOf(serial: number, begin: number, count: number): Parameters<LinkedFiles['firstName']>[1] {
  const parts = Array.from({ length: count }, (_, index) => ({
    dataAt: begin + index * 2048,
    sizeBytes: 2048,
  }));
  const posix = { mode: 0o100644, links: 2, uid: 0, gid: 0, serial };
  return { parts, rockRidge: { posix }, type: 'file' };
}

it('Names of one file of several parts are one, where its number and the places of all parts are the same', () => {
  const linked = new LinkedFiles();
  expect(linked.firstName(1, fileOf(7, 0, 3))).toBe(1);
  expect(linked.firstName(2, fileOf(7, 0, 3))).toBe(1);
  expect(linked.firstName(3, fileOf(7, 0, 4))).toBe(3);
  expect(linked.firstName(4, fileOf(7, 2048, 3))).toBe(4);
  expect(linked.firstName(5, fileOf(8, 0, 3))).toBe(5);
});

it('What is kept in mind of a file does not grow with its parts', () => {
  const linked = new LinkedFiles();
  const before = memoryInUse();
  for (let serial = 0; serial < 100; serial += 1) linked.firstName(serial, fileOf(serial, serial, PARTS));
  expect(memoryInUse() - before).toBeLessThan(4 * MIB);
  expect(linked.firstName(1000, fileOf(5, 5, PARTS))).toBe(5);
});
