import { type PointReader, pointId, type Repository } from '@sendense/core';
import { createMemoryDisk } from '@sendense/testkit';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createFileRestore } from '../src/file-restore.ts';
import type { BrowsedVolume } from '../src/session/point-files.ts';
import { madeFiles } from './support/made-files.ts';
import { pointOf } from './support/raw-point.ts';

const POINT = pointId('point');

/** A repository whose points are empty disks, and how many of them are open. */
function emptyPoints(): { readonly repository: Repository; readonly open: { count: number } } {
  const open = { count: 0 };
  const openPoint = async (): Promise<PointReader> => {
    const inner = pointOf([createMemoryDisk({ sizeBytes: 1024 * 1024 }).openReader()]);
    open.count += 1;
    return {
      ...inner,
      async [Symbol.asyncDispose]() {
        open.count -= 1;
        await inner[Symbol.asyncDispose]();
      },
    };
  };
  return { repository: { open: openPoint } as unknown as Repository, open };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('A session that nothing is asked of for the time given is closed with its point; one that is used stays', async () => {
  const { repository, open } = emptyPoints();
  await using files = await createFileRestore({ idleMs: 1000 });
  const [idle, used] = [await files.open(repository, POINT), await files.open(repository, POINT)];
  expect(files.sessions).toEqual([idle, used]);
  await vi.advanceTimersByTimeAsync(800);
  await used.list('/');
  await vi.advanceTimersByTimeAsync(800);
  expect(files.sessions).toEqual([used]);
  expect(open.count).toBe(1);
  await expect(idle.list('/')).rejects.toMatchObject({ code: 'NOT_OPEN' });
  expect(() => files.session(idle.id)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  expect(files.session(used.id)).toBe(used);
});

it('Sessions end after an hour unless told otherwise', async () => {
  const { repository } = emptyPoints();
  await using files = await createFileRestore();
  await files.open(repository, POINT);
  await vi.advanceTimersByTimeAsync(3_599_000);
  expect(files.sessions).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2000);
  expect(files.sessions).toHaveLength(0);
});

it('Too many sessions are refused, and closing one makes room', async () => {
  const { repository } = emptyPoints();
  await using files = await createFileRestore({ maxSessions: 1 });
  const session = await files.open(repository, POINT);
  await expect(files.open(repository, POINT)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  await session[Symbol.asyncDispose]();
  await files.open(repository, POINT);
});

it('Closing all closes each point, and nothing can be opened after it', async () => {
  const { repository, open } = emptyPoints();
  const files = await createFileRestore();
  await files.open(repository, POINT);
  await files.open(repository, POINT);
  await files[Symbol.asyncDispose]();
  expect(open.count).toBe(0);
  await expect(files.open(repository, POINT)).rejects.toMatchObject({ code: 'NOT_OPEN' });
});

it('A point that cannot be looked into is closed', async () => {
  const { repository, open } = emptyPoints();
  await using files = await createFileRestore();
  const aborted = { signal: AbortSignal.abort() };
  await expect(files.open(repository, POINT, aborted)).rejects.toMatchObject({ code: 'ABORTED' });
  expect(open.count).toBe(0);
});

it('A session that is closed gives no more of an archive under way, also of files that need no disk', async () => {
  const { repository } = emptyPoints();
  await using files = await createFileRestore();
  const session = await files.open(repository, POINT);
  const reader = madeFiles(3, () => Buffer.alloc(2 ** 20));
  const volume = { id: 'made', sizeBytes: 2 ** 22 } as BrowsedVolume;
  const found = { volume, reader, stat: await reader.stat(reader.root) };
  const archive = session.tar(found, 'all', () => undefined);
  expect((await archive.next()).done).toBe(false);
  await session[Symbol.asyncDispose]();
  await expect(archive.next()).rejects.toMatchObject({ code: 'NOT_OPEN' });
});

it('A disk without anything known is listed as such, and told when a file is asked for', async () => {
  const { repository } = emptyPoints();
  await using files = await createFileRestore();
  const session = await files.open(repository, POINT);
  expect(session.volumes).toMatchObject([{ id: 'disk-0', fileSystem: null, access: null }]);
  expect(session.findings).toMatchObject([{ severity: 'info', code: 'volume-unreadable', object: 'disk-0' }]);
  expect((await session.list('/')).entries).toEqual([]);
  await expect(session.find('/etc')).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
});

it('Options that are none are refused', async () => {
  await expect(createFileRestore({ idleMs: 0 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
