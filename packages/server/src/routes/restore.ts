import { jobSchema, startRestoreSchema } from '@sendense/api';
import { viewOf } from '../jobs/job.ts';
import { type Route, route } from './route.ts';
import type { RouteServices } from './route-services.ts';

/** Whole disks and machines out of recovery points. */
export function restoreRoutes({ places, jobs }: RouteServices): readonly Route[] {
  return [
    route({
      method: 'POST',
      url: '/api/v1/restore/start',
      role: 'operator',
      operationId: 'startRestore',
      tag: 'restore',
      summary: 'Restore a backup to a target; the answer is the job that does it.',
      body: startRestoreSchema,
      status: 202,
      answer: jobSchema,
      errors: ['NOT_FOUND', 'CONFLICT', 'QUOTA_EXCEEDED'],
      async handler({ body, scope, principal, signal, noteJob, noteSubject }) {
        const { backup_id: backup, repository, target, overwrite } = body;
        noteSubject({ backup, repository, target, overwrite });
        places.checkTarget(scope, body.target);
        const found = await places.point(scope, body.backup_id, body.repository, { signal });
        noteSubject({ repository: found.repositoryName, machine: found.point.machine });
        const job = await jobs.start(
          {
            kind: 'restore',
            vmName: found.point.spec.name,
            repository: found.repositoryName,
            backupId: found.point.id,
            target: body.target,
            disks: body.disks ?? null,
            overwrite: body.overwrite,
            verify: body.verify,
          },
          principal,
        );
        noteJob(job.record.id);
        return viewOf(job);
      },
    }),
  ];
}
