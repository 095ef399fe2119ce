import type { JobView } from '@sendense/api';
import type { SendenseClient } from '@sendense/client';
import { SendenseError } from '@sendense/core';
import { expect, it } from 'vitest';
import type { Session } from '../../session/session.ts';
import type { BackupStartOptions } from '../../verbs/backup-start-flags.ts';
import { backUp } from './back-up.ts';
import type { Desk } from './desk.ts';

const lost = () => new SendenseError('CONNECTION_LOST', 'the server went away', { operation: 'cancelJob' });
const aborted = () => new SendenseError('ABORTED', 'the job was cancelled', { operation: 'wait-job' });
const refused = () =>
  new SendenseError('AUTHENTICATION_FAILED', 'no such token', {
    operation: 'startBackup',
    context: { status: 401 },
  });

/** Which machines are not as the others: their backups are not cancelled, or not even begun. */
type Odd = { readonly unreached?: string; readonly refused?: string };

/** Work at a made-up server during which the user signals; each job has the name of its machine. */
function interruptedDesk(odd: Odd): Desk {
  const user = new AbortController();
  const client = {
    startBackup: async ({ vm_name }: { readonly vm_name: string }) => {
      if (vm_name === odd.refused) throw refused();
      return { job_id: vm_name, vm_name } as JobView;
    },
    cancelJob: async ({ job_id }: { readonly job_id: string }) => {
      if (job_id === odd.unreached) throw lost();
    },
    jobs: {
      wait: async () => {
        user.abort();
        throw aborted();
      },
    },
  } as unknown as SendenseClient;
  const received = () => (user.signal.aborted ? 'SIGINT' : undefined);
  const session = { stop: { signal: user.signal, received }, log: () => undefined } as unknown as Session;
  return { session, client, progress: { update: () => undefined, end: () => undefined } };
}

const TWO: BackupStartOptions = {
  source: ['web', 'db'],
  repository: 'main',
  type: 'auto',
  consistency: 'crash',
};

it('is abandoned where every job was cancelled', async () => {
  await expect(backUp(interruptedDesk({}), TWO)).rejects.toMatchObject({ code: 'ABORTED' });
});

it('tells each machine where one of the jobs could not be cancelled, and the id of that one', async () => {
  expect(await backUp(interruptedDesk({ unreached: 'db' }), TWO)).toMatchObject({
    results: [],
    failures: [
      { machine: 'web', error: { code: 'ABORTED' } },
      { machine: 'db', error: { code: 'CONNECTION_LOST', context: { job: 'db' } } },
    ],
  });
});

it('tells what failed of one machine of several in the words of the command line', async () => {
  expect(await backUp(interruptedDesk({ refused: 'db' }), TWO)).toMatchObject({
    failures: [
      { machine: 'web', error: { code: 'ABORTED' } },
      { machine: 'db', error: { remedy: expect.stringContaining('--token-file') as string } },
    ],
  });
});
