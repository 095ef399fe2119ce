import type { Backup } from '@sendense/api';
import type { ClientCall, SendenseClient } from '@sendense/client';
import { expect, it } from 'vitest';
import type { Session } from '../../session/session.ts';
import type { Desk } from './desk.ts';
import { deletePoint, listPoints } from './points.ts';

const backupAt = (repository: string, minute: number) =>
  ({
    backup_id: `${repository}-${minute}`,
    repository,
    instant: new Date(minute * 60_000).toISOString(),
    disks: [],
  }) as unknown as Backup;

/** Work at a made-up server with a point of each even minute in one repository, of each odd one in another; how it was asked to delete. */
function deskOfTwo() {
  const deletions: (ClientCall | undefined)[] = [];
  const client = {
    listBackups: async () => ({
      backups: [backupAt('even', 0), backupAt('even', 2), backupAt('odd', 1), backupAt('odd', 3)],
    }),
    deleteBackup: async (_: object, call?: ClientCall) => {
      deletions.push(call);
      return { removed: ['p'], freed_bytes: 1 };
    },
  } as unknown as SendenseClient;
  const desk = { client, session: { call: {} } as Session } as Desk;
  return { desk, deletions };
}

it('lists the points of all repositories oldest first, and where each of them is', async () => {
  const points = await listPoints(deskOfTwo().desk, {});
  expect(points.map(({ id, repository }) => [id, repository])).toEqual([
    ['even-0', 'even'],
    ['odd-1', 'odd'],
    ['even-2', 'even'],
    ['odd-3', 'odd'],
  ]);
});

it('gives a delete minutes, and no signal: what was asked for is done', async () => {
  const { desk, deletions } = deskOfTwo();
  await deletePoint(desk, { backupId: 'p' });
  const [call] = deletions;
  expect(call?.signal).toBeUndefined();
  expect(call?.timeoutMs).toBeGreaterThan(240_000);
});
