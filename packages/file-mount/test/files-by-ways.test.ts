import type { PointReader } from '@sendense/core';
import { createMemoryDisk } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { browsePoint, type FilesOptions } from '../src/index.ts';
import { pointOf } from './support/raw-point.ts';

/** A disk with the mark of a file system that is not read in process, and how often it was closed. */
function squashfs(): { readonly reader: PointReader; readonly closed: { count: number } } {
  const disk = createMemoryDisk({ sizeBytes: 1024 * 1024 });
  disk.content.write(0, Buffer.from('hsqs'));
  const closed = { count: 0 };
  const inner = pointOf([disk.openReader()]);
  const reader = {
    ...inner,
    async [Symbol.asyncDispose]() {
      closed.count += 1;
      await inner[Symbol.asyncDispose]();
    },
  };
  return { reader, closed };
}

it('Without a word of trust a session tells what that keeps it from, and closes the point with itself', async () => {
  const { reader, closed } = squashfs();
  const session = await browsePoint(reader, { directory: '/nowhere/mounts' });
  expect(session.ways).toMatchObject([
    {
      volume: 'disk-0',
      way: null,
      missing: [{ way: 'in-process' }, { way: 'mounted', why: expect.stringContaining('trustImage') }],
    },
  ]);
  expect(session.findings.map(({ code }) => code)).toEqual(['volume-unreadable', 'volume-not-mounted']);
  expect(closed.count).toBe(0);
  await session[Symbol.asyncDispose]();
  expect(closed.count).toBe(1);
});

it('Ways that are none, or named twice, are refused, and the point is closed', async () => {
  const wrong: readonly FilesOptions[] = [
    { directory: '/nowhere', ways: [] },
    { directory: '/nowhere', ways: ['mounted', 'mounted'] },
    { directory: '' },
  ];
  for (const options of wrong) {
    const { reader, closed } = squashfs();
    await expect(browsePoint(reader, options)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(closed.count).toBe(1);
  }
});
