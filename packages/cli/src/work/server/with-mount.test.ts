import type { Mount } from '@sendense/api';
import type { ClientCall, SendenseClient } from '@sendense/client';
import { type LogRecord, SendenseError } from '@sendense/core';
import { expect, it } from 'vitest';
import type { Session } from '../../session/session.ts';
import type { Desk } from './desk.ts';
import { withMount } from './with-mount.ts';

const POINT = { repository: 'main', backupId: 'p' };
const lost = () =>
  new SendenseError('CONNECTION_LOST', 'the server went away', { operation: 'unmountBackup' });

/** Work at a made-up server that has one mount, whose end is `end`, after the user has signalled; what was asked of it and logged. */
function mountingDesk(end: () => Promise<object> = async () => ({ findings: [] })) {
  const asked: (readonly [name: string, call: ClientCall | undefined])[] = [];
  const logged: LogRecord[] = [];
  const client = {
    mountBackup: async (_: object, call?: ClientCall) => {
      asked.push(['mount', call]);
      return { mount_id: 'm', backup_id: 'p' } as Mount;
    },
    unmountBackup: (_: object, call?: ClientCall) => {
      asked.push(['unmount', call]);
      return end();
    },
  } as unknown as SendenseClient;
  const call = { signal: AbortSignal.abort() };
  const session = { call, log: (record: LogRecord) => void logged.push(record) } as unknown as Session;
  const desk = { client, session } as Desk;
  return { desk, asked, logged };
}

it('ends what it began also when the user signals: neither is asked for with the signal', async () => {
  const { desk, asked } = mountingDesk();
  const aborted = new SendenseError('ABORTED', 'cancelled', { operation: 'x' });
  await expect(withMount(desk, POINT, () => Promise.reject(aborted))).rejects.toBe(aborted);
  expect(asked.map(([name, call]) => [name, call?.signal])).toEqual([
    ['mount', undefined],
    ['unmount', undefined],
  ]);
});

it('tells what failed first where the mount cannot be ended either', async () => {
  const first = new SendenseError('NOT_FOUND', 'no such file', { operation: 'x' });
  const { desk } = mountingDesk(() => Promise.reject(lost()));
  await expect(withMount(desk, POINT, () => Promise.reject(first))).rejects.toBe(first);
});

it('keeps what was done where the mount cannot be ended, and tells that nobody knows what was left out', async () => {
  const { desk, logged } = mountingDesk(() => Promise.reject(lost()));
  const { done, left } = await withMount(desk, POINT, async () => 'the file');
  expect(done).toBe('the file');
  expect(left).toMatchObject([{ severity: 'error', code: 'left-unknown', backup_id: 'p' }]);
  expect(logged).toMatchObject([{ level: 'warn', message: expect.stringContaining('went away') as string }]);
});
