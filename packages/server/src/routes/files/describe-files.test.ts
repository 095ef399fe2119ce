import { fileListSchema } from '@sendense/api';
import type { FileStat } from '@sendense/file-restore';
import { expect, it } from 'vitest';
import { describeEntry } from './describe-files.ts';

const stat: FileStat = {
  node: 12,
  type: 'file',
  sizeBytes: 5,
  allocatedBytes: 4096,
  mode: 0o640,
  uid: 0,
  gid: 0,
  links: 1,
  mtimeNs: 0n,
  atimeNs: 0n,
  ctimeNs: 0n,
};

/** The time of an entry as clients get it, which a schema checks; `atMs` is the time on the disk. */
function told(atMs: number): string | null {
  const entry = describeEntry({ name: 'f', stat: { ...stat, mtimeNs: BigInt(atMs) * 1_000_000n } });
  return fileListSchema.shape.entries.element.parse(entry).mtime;
}

it.each(['0001-01-01T00:00:00.000Z', '1969-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'])(
  'tells %s',
  (at) => {
    expect(told(Date.parse(at))).toBe(at);
  },
);

it.each([
  '0000-12-31T23:59:59.999Z',
  '-000001-06-01T00:00:00.000Z',
  '-000004-01-01T00:00:00.000Z',
  '-271821-04-20T00:00:00.000Z',
  '+010000-01-01T00:00:00.000Z',
])('tells no time for %s, which only damage has', (at) => {
  expect(told(Date.parse(at))).toBeNull();
});
