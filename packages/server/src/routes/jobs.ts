import { Readable } from 'node:stream';
import { jobListSchema, jobParamsSchema, jobSchema, listJobsSchema } from '@sendense/api';
import { followJob, hasSeenAll } from '../jobs/follow-job.ts';
import { viewOf } from '../jobs/job.ts';
import { type Route, route } from './route.ts';
import type { RouteServices } from './route-services.ts';

/** What runs for long. */
export function jobRoutes(services: RouteServices): readonly Route[] {
  return [listJobs(services), showJob(services), cancelJob(services), followEvents(services)];
}

function listJobs({ jobs }: RouteServices): Route {
  return route({
    method: 'GET',
    url: '/api/v1/jobs',
    role: 'viewer',
    operationId: 'listJobs',
    tag: 'jobs',
    summary: 'The jobs, newest first.',
    query: listJobsSchema,
    answer: jobListSchema,
    async handler({ query, principal }) {
      const views = jobs.list(principal).map(viewOf);
      const isWanted = ({ state, vm_name }: (typeof views)[number]) =>
        (query.state ?? state) === state && (query.vm_name ?? vm_name) === vm_name;
      return { jobs: views.filter(isWanted) };
    },
  });
}

function showJob({ jobs }: RouteServices): Route {
  return route({
    method: 'GET',
    url: '/api/v1/jobs/:job_id',
    role: 'viewer',
    operationId: 'showJob',
    tag: 'jobs',
    summary: 'One job.',
    params: jobParamsSchema,
    answer: jobSchema,
    errors: ['NOT_FOUND'],
    handler: async ({ params, principal }) => viewOf(jobs.get(params.job_id, principal)),
  });
}

function cancelJob({ jobs }: RouteServices): Route {
  return route({
    method: 'POST',
    url: '/api/v1/jobs/:job_id/cancel',
    role: 'operator',
    operationId: 'cancelJob',
    tag: 'jobs',
    summary:
      'Ask a job to end; a backup leaves no point, a restore nothing at its target. A job that has ended stays as it is.',
    params: jobParamsSchema,
    status: 202,
    answer: jobSchema,
    errors: ['NOT_FOUND', 'LOCKED'],
    async handler({ params, principal, noteJob }) {
      const job = jobs.get(params.job_id, principal);
      noteJob(job.record.id);
      await jobs.cancel(job);
      return viewOf(job);
    },
  });
}

function followEvents({ jobs }: RouteServices): Route {
  return route({
    method: 'GET',
    url: '/api/v1/jobs/:job_id/events',
    role: 'viewer',
    operationId: 'followJob',
    tag: 'jobs',
    summary:
      'The events of a job until it has ended: `state`, `step`, `finding`, which have ids and come again after `Last-Event-ID`, and `progress`, which has none.',
    params: jobParamsSchema,
    headers: { 'Last-Event-ID': 'Id of the last event that the client has seen; it gets those after it.' },
    answer: { mediaType: 'text/event-stream', description: 'Server-sent events.' },
    rechecked: true,
    also: { 204: 'The job has ended, and the client has seen all of it: it need not come again.' },
    errors: ['NOT_FOUND'],
    async handler({ params, principal, signal, reply }) {
      const job = jobs.get(params.job_id, principal);
      const after = lastEventId(reply.request.headers['last-event-id']);
      if (hasSeenAll(job, after)) return reply.removeHeader('content-type').status(204).send();
      void reply.header('x-accel-buffering', 'no'); // proxies would hold the events back
      return Readable.from(followJob(job, after, signal), { objectMode: true });
    },
  });
}

/** What is no id of ours counts as none: the client gets all events. */
function lastEventId(header: string | string[] | undefined): number {
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : 0;
}
