import { type PointReader, pointId, type Repository } from '@sendense/core';
import { createMemoryDisk } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { createFileRestore } from '../src/file-restore.ts';
import { openPointFiles, PointFiles } from '../src/session/point-files.ts';
import { browse } from './support/browse.ts';
import { madeFiles } from './support/made-files.ts';
import { pointOf } from './support/raw-point.ts';

/** A disk with the mark of a file system that is known by name only. */
function squashfs(): PointReader {
  const disk = createMemoryDisk({ sizeBytes: 1024 * 1024 });
  disk.content.write(0, Buffer.from('hsqs'));
  return pointOf([disk.openReader()]);
}

it('Each volume tells how it is read, or why it is not, and so does a path in it', async () => {
  await using session = await browse(squashfs());
  const why = 'squashfs is not read in this process';
  expect(session.ways).toMatchObject([
    { volume: 'disk-0', way: null, missing: [{ way: 'in-process', why }] },
  ]);
  for (const path of ['/file', '/disk-0/file'])
    await expect(session.find(path)).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: expect.stringContaining(why),
    });
});

it('Sessions are of the files that another way opened, and close with them what it names', async () => {
  let closed = 0;
  const owned = {
    async [Symbol.asyncDispose]() {
      closed += 1;
    },
  };
  await using files = await createFileRestore(
    {},
    {
      openFiles: async (reader, call) => {
        const { volumes } = await openPointFiles(reader, call);
        const choice = { reason: 'it was asked for', missing: [] };
        const other = volumes.map((open) => ({
          ...open,
          volume: { ...open.volume, access: 'mounted' as const },
          reader: madeFiles(3, () => new Uint8Array(1)),
          choice,
        }));
        return { files: new PointFiles(other, []), owned };
      },
    },
  );
  const point = squashfs();
  const repository = { open: () => Promise.resolve(point) } as unknown as Repository;
  const session = await files.open(repository, pointId('point'));
  expect(session.ways).toEqual([
    { volume: 'disk-0', way: 'mounted', reason: 'it was asked for', missing: [] },
  ]);
  expect((await session.list('/')).volume?.access).toBe('mounted');
  expect(closed).toBe(0);
  await session[Symbol.asyncDispose]();
  expect(closed).toBe(1);
});
