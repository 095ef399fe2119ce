import {
  backupChainQuerySchema,
  backupChainSchema,
  backupDetailsSchema,
  backupListSchema,
  backupParamsSchema,
  backupQuerySchema,
  deletedBackupSchema,
  jobSchema,
  listBackupsSchema,
  startBackupSchema,
} from '@sendense/api';
import { SendenseError } from '@sendense/core';
import { viewOf } from '../jobs/job.ts';
import { describeBackup, describeBackupDetails } from '../places/describe-backup.ts';
import { describeChain } from '../places/describe-chain.ts';
import { pointsOfMachine } from '../places/points-of-machine.ts';
import { type Route, route } from './route.ts';
import type { RouteServices } from './route-services.ts';

/** Recovery points. */
export function backupRoutes(services: RouteServices): readonly Route[] {
  return [
    startBackup(services),
    listBackups(services),
    showChain(services),
    showBackup(services),
    deleteBackup(services),
  ];
}

function startBackup({ places, jobs }: RouteServices): Route {
  return route({
    method: 'POST',
    url: '/api/v1/backup/start',
    role: 'operator',
    operationId: 'startBackup',
    tag: 'backup',
    summary: 'Back up a machine; the answer is the job that does it.',
    body: startBackupSchema,
    status: 202,
    answer: jobSchema,
    errors: ['NOT_FOUND', 'LOCKED', 'QUOTA_EXCEEDED'],
    async handler({ body, scope, principal, noteJob, noteSubject }) {
      noteSubject({ machine: body.vm_name, repository: body.repository });
      places.checkMachine(scope, body.vm_name);
      places.checkRepository(scope, body.repository);
      const job = await jobs.start(
        {
          kind: 'backup',
          vmName: body.vm_name,
          repository: body.repository,
          type: body.backup_type,
          allowFull: body.allow_full,
        },
        principal,
      );
      noteJob(job.record.id);
      return viewOf(job);
    },
  });
}

function listBackups({ places }: RouteServices): Route {
  return route({
    method: 'GET',
    url: '/api/v1/backup/list',
    role: 'viewer',
    operationId: 'listBackups',
    tag: 'backup',
    summary: 'The backups of a machine, or all, oldest first in each repository.',
    query: listBackupsSchema,
    answer: backupListSchema,
    errors: ['NOT_FOUND'],
    async handler({ query, scope, signal }) {
      const found = [];
      for (const name of places.repositoryNames(scope, query.repository))
        found.push(...(await places.points(scope, name, { signal })));
      const { vm_name: wanted } = query;
      const chosen =
        wanted === undefined ? found : await pointsOfMachine(places, scope, found, wanted, { signal });
      return { backups: chosen.map(describeBackup) };
    },
  });
}

function showChain({ places }: RouteServices): Route {
  return route({
    method: 'GET',
    url: '/api/v1/backup/chain',
    role: 'viewer',
    operationId: 'showBackupChain',
    tag: 'backup',
    summary: 'What the newest backup of a machine is read through.',
    query: backupChainQuerySchema,
    answer: backupChainSchema,
    errors: ['NOT_FOUND'],
    async handler({ query, scope, signal }) {
      const found = [];
      for (const name of places.repositoryNames(scope, query.repository))
        found.push(...(await places.points(scope, name, { signal })));
      const chosen = await pointsOfMachine(places, scope, found, query.vm_name, { signal });
      const newest = chosen.toSorted((a, b) => a.point.at.getTime() - b.point.at.getTime()).at(-1);
      if (newest === undefined) throw noBackup(query.vm_name);
      return describeChain(newest, chosen);
    },
  });
}

function showBackup({ places }: RouteServices): Route {
  return route({
    method: 'GET',
    url: '/api/v1/backup/:backup_id',
    role: 'viewer',
    operationId: 'showBackup',
    tag: 'backup',
    summary: 'One backup, with its machine.',
    params: backupParamsSchema,
    query: backupQuerySchema,
    answer: backupDetailsSchema,
    errors: ['NOT_FOUND', 'CONFLICT'],
    async handler({ params, query, scope, signal }) {
      return describeBackupDetails(await places.point(scope, params.backup_id, query.repository, { signal }));
    },
  });
}

function deleteBackup({ places }: RouteServices): Route {
  return route({
    method: 'DELETE',
    url: '/api/v1/backup/:backup_id',
    role: 'admin',
    operationId: 'deleteBackup',
    tag: 'backup',
    summary: 'Delete a backup; those that build on it keep their content.',
    params: backupParamsSchema,
    query: backupQuerySchema,
    answer: deletedBackupSchema,
    errors: ['NOT_FOUND', 'CONFLICT', 'IMMUTABLE', 'LOCKED', 'UNSUPPORTED'],
    async handler({ params, query, scope, signal, noteSubject }) {
      noteSubject({ backup: params.backup_id, repository: query.repository });
      const found = await places.point(scope, params.backup_id, query.repository, { signal });
      const { repository, point } = found;
      noteSubject({ repository: found.repositoryName, machine: point.machine });
      const { maintenance } = repository;
      if (maintenance === undefined) throw noMaintenance();
      // once begun it is finished: a client that goes away does not leave half of it
      const { removed, freedBytes } = await maintenance.delete(point.id);
      await places.pointsChanged(repository, point.machine);
      return { removed: [...removed], freed_bytes: freedBytes };
    },
  });
}

function noBackup(name: string): SendenseError {
  return new SendenseError('NOT_FOUND', `there is no backup of a machine ${JSON.stringify(name)}`, {
    operation: 'show-chain',
    remedy: 'list the backups with GET /api/v1/backup/list',
  });
}

function noMaintenance(): SendenseError {
  return new SendenseError(
    'UNSUPPORTED',
    'the repository removes nothing with the rights that the server has',
    {
      operation: 'delete-backup',
      remedy: 'give the server credentials with delete rights, or delete it elsewhere',
    },
  );
}
