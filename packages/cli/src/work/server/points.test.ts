import type { Backup } from '@sendense/api';
import type { ClientCall, SendenseClient } from '@sendense/client';
import { expect, it } from 'vitest';
import type { Session } from '../../session/session.ts';
import { backupList } from '../../verbs/backup-list.ts';
import type { Work } from '../work.ts';
import type { Desk } from './desk.ts';
import { deletePoint, listPoints } from './points.ts';

const backupAt = (repository: string, minute: number) =>
  ({
    backup_id: `${repository}-${minute}`,
    repository,
    instant: new Date(minute * 60_000).toISOString(),
    vm_name: 'web',
    backup_type: 'full',
    stored_bytes: 0,
    note: null,
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

it('shows the repository of each point where they are of several', async () => {
  const points = await listPoints(deskOfTwo().desk, {});
  const shown = async (names: readonly string[]) => {
    const work = { listPoints: async () => points.filter(({ repository }) => names.includes(repository)) };
    if (!('runBy' in backupList)) throw new Error('no server lists points');
    return (await backupList.runBy(work as unknown as Work, {})).lines;
  };
  expect(await shown(['even'])).toEqual(expect.not.arrayContaining([expect.stringContaining('REPOSITORY')]));
  const [head, ...lines] = await shown(['even', 'odd']);
  expect(head).toContain('REPOSITORY');
  expect(lines.map((line) => /even |odd /u.exec(line)?.[0].trim())).toEqual(['even', 'odd', 'even', 'odd']);
});

it('gives a delete minutes, and no signal: what was asked for is done', async () => {
  const { desk, deletions } = deskOfTwo();
  await deletePoint(desk, { backupId: 'p' });
  const [call] = deletions;
  expect(call?.signal).toBeUndefined();
  expect(call?.timeoutMs).toBeGreaterThan(240_000);
});
