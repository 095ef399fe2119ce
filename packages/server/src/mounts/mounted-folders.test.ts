import { setImmediate as turn } from 'node:timers/promises';
import { type Finding, type LogRecord, type PointReader, SendenseError } from '@sendense/core';
import type { MountEnd, MountedPoint } from '@sendense/file-mount';
import { expect, it } from 'vitest';
import { MountedFolders } from './mounted-folders.ts';

const ACME = { tenant: 'acme' };
const OF_ALL = { tenant: null };
const openPoint = async (): Promise<PointReader> => ({}) as PointReader;

/** A mount that nobody looks into: it ends when it is told to, or by `end`. */
function mountOf(id: string, findings: Finding[] = []) {
  const ended = Promise.withResolvers<MountEnd>();
  let isClosed = false;
  const close = async (): Promise<void> => {
    isClosed = true;
    ended.resolve('closed');
  };
  const mounted = { id, path: `/mounts/${id}`, ended: ended.promise, unmount: close, close, findings };
  return {
    mounted: mounted as unknown as MountedPoint,
    end: ended,
    get isClosed() {
      return isClosed;
    },
  };
}

/** Folders whose mounts are those of `mountPoint`. */
function foldersOf(mountPoint: () => Promise<MountedPoint>, most = 4) {
  const logged: LogRecord[] = [];
  const folders = new MountedFolders({
    options: { enabled: true, most, idleMs: 1000 },
    directory: '/mounts',
    fileMount: { mountPoint, reconcileMounts: async () => ({ removed: [], findings: [] }) },
    log: (record) => void logged.push(record),
  });
  return { folders, logged };
}

it('A stop waits for a mount that is on its way, and takes it away: its caller is told', async () => {
  const { promise, resolve } = Promise.withResolvers<MountedPoint>();
  const mount = mountOf('late');
  const { folders } = foldersOf(() => promise);
  const shown = folders.show(ACME, openPoint);
  let isStopped = false;
  const stopped = folders[Symbol.asyncDispose]().then(() => {
    isStopped = true;
  });
  await turn();
  expect(isStopped).toBe(false);
  resolve(mount.mounted);
  await expect(shown).rejects.toMatchObject({ code: 'ABORTED', operation: 'mount-backup' });
  await stopped;
  expect(mount.isClosed).toBe(true);
});

it('Nothing is mounted any more once a stop began', async () => {
  const { folders } = foldersOf(() => Promise.reject(new Error('it was mounted')));
  await folders[Symbol.asyncDispose]();
  await expect(folders.show(ACME, openPoint)).rejects.toMatchObject({ code: 'ABORTED' });
});

it.each([
  ['LOCKED', 'mount-in-use'],
  ['TIMEOUT', 'mount-forced'],
] as const)(
  'What cannot be taken away because of %s goes by force only, which is told',
  async (code, told) => {
    const mount = mountOf('busy');
    const refusal = new SendenseError(code, 'it stays', { operation: 'unmount-point' });
    Object.assign(mount.mounted, { unmount: () => Promise.reject(refusal) });
    const { folders } = foldersOf(async () => mount.mounted);
    const mounted = await folders.show(ACME, openPoint);
    await expect(folders.end(mounted, false)).rejects.toBe(refusal);
    expect(mount.isClosed).toBe(false);
    expect(await folders.end(mounted, true)).toMatchObject([
      {
        severity: 'warning',
        code: told,
        message: expect.stringContaining('it stays'),
        object: '/mounts/busy',
      },
    ]);
    expect(mount.isClosed).toBe(true);
  },
);

it('What was mounted for a caller that has gone is taken away', async () => {
  const mount = mountOf('gone');
  const { folders } = foldersOf(async () => mount.mounted);
  const shown = folders.show(ACME, openPoint, { signal: AbortSignal.abort() });
  await expect(shown).rejects.toMatchObject({ code: 'ABORTED' });
  expect(mount.isClosed).toBe(true);
});

it('A place is free again once its mount has ended, however it did, or was never made', async () => {
  const mounts = [mountOf('1'), mountOf('2')];
  const queue: (() => Promise<MountedPoint>)[] = [
    () => Promise.reject(new Error('there is no volume')),
    ...mounts.map(
      ({ mounted }) =>
        async () =>
          mounted,
    ),
  ];
  const { folders, logged } = foldersOf(() => queue.shift()?.() ?? Promise.reject(new Error('no more')), 1);
  await expect(folders.show(OF_ALL, openPoint)).rejects.toThrow('there is no volume');
  await folders.show(OF_ALL, openPoint);
  await expect(folders.show(OF_ALL, openPoint)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  mounts[0]?.end.resolve('lost');
  await expect.poll(() => logged).toMatchObject([{ level: 'warn', fields: { mount: '1' } }]);
  await folders.show(OF_ALL, openPoint);
  mounts[1]?.end.reject(new Error('it is stuck'));
  await expect.poll(() => logged.at(-1)).toMatchObject({ level: 'error', fields: { mount: '2' } });
  await expect(folders.show(OF_ALL, openPoint)).rejects.toThrow('no more');
});

it('A stop goes on with the others where one cannot be taken away, and fails then', async () => {
  const [stuck, other] = [mountOf('stuck'), mountOf('other')];
  const fail = () => Promise.reject(new Error('it is stuck'));
  Object.assign(stuck.mounted, { unmount: fail, close: fail });
  const queue = [stuck, other];
  const { folders, logged } = foldersOf(async () => (queue.shift() ?? other).mounted);
  await folders.show(OF_ALL, openPoint);
  await folders.show(OF_ALL, openPoint);
  await expect(folders[Symbol.asyncDispose]()).rejects.toThrow('it is stuck');
  expect(other.isClosed).toBe(true);
  expect(logged).toMatchObject([{ level: 'warn', fields: { mount: 'stuck' } }]);
});

it('What earlier mounts left is logged: it may be of another tenant than whose mount tells it', async () => {
  const left = { severity: 'warning', code: 'mount-not-removed', message: 'of somebody else' } as const;
  const own = { severity: 'warning', code: 'volume-not-mounted', message: 'of the caller' } as const;
  const { folders, logged } = foldersOf(async () => mountOf('1', [left, own]).mounted);
  await folders.show(ACME, openPoint);
  expect(logged).toMatchObject([{ level: 'warn', message: 'of somebody else' }]);
});

it('A start does not wait for what an earlier server left and cannot be taken away, and logs how that ends', async () => {
  const going = Promise.withResolvers<{ removed: string[]; findings: Finding[] }>();
  const logged: LogRecord[] = [];
  const folders = new MountedFolders({
    options: { enabled: true, most: 1, idleMs: 1000 },
    directory: '/mounts',
    fileMount: { mountPoint: () => Promise.reject(new Error('none')), reconcileMounts: () => going.promise },
    log: (record) => void logged.push(record),
    timer: { monotonicMs: () => 0, sleep: () => turn() },
  });
  await folders.tidyUp();
  expect(logged).toMatchObject([
    { level: 'warn', message: expect.stringContaining('still being taken away') },
  ]);
  going.resolve({
    removed: [],
    findings: [{ severity: 'warning', code: 'mount-not-removed', message: 'it stays' }],
  });
  await expect.poll(() => logged.at(-1)).toMatchObject({ level: 'warn', message: 'it stays' });
});
