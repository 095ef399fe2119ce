import { Readable } from 'node:stream';
import { SendenseError } from '@sendense/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AuditEntry, AuditLog } from '../audit/audit-log.ts';
import { Refusals } from '../audit/refusals.ts';
import type { Route } from '../routes/route.ts';

/** Headers of what is not sent when a line cannot be written. */
const OF_CONTENT = ['content-disposition', 'content-range', 'accept-ranges', 'etag'];

/**
 * Writes the audit log: before a request that changes something is carried out, and before its answer is sent. What was read of
 * somebody's content is sent only when that is written. A refusal is written too, whatever was asked, and counted when it comes again;
 * one that only tells to come more slowly is not.
 */
export function auditRequests(app: FastifyInstance, log: AuditLog): void {
  const refusals = new Refusals(log);
  app.addHook('onClose', () => refusals[Symbol.asyncDispose]());
  app.decorateRequest('job', null);
  app.decorateRequest('subject', null);
  app.addHook('preHandler', async (request) => {
    const { route } = request.routeOptions.config;
    if (route === undefined || !changes(route)) return;
    request.subject = route.subjectOf?.(request) ?? null;
    await log.record(entryOf('asked', request, route, null));
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const { route } = request.routeOptions.config;
    if (route === undefined || !isNoted(route, reply)) return;
    const entry = entryOf('answered', request, route, reply.statusCode);
    const noted = isRefusal(reply) ? refusals.note(entry, new Date()) : log.record(entry);
    await noted.catch((error: unknown) => {
      // what changed something was noted when it was asked, and of a failure nothing is sent: the client learns how it ended, and
      // readiness that the log cannot be written
      if (SendenseError.is(error) && !givesContent(route, reply)) return;
      if (payload instanceof Readable) payload.destroy();
      for (const header of OF_CONTENT) void reply.removeHeader(header);
      throw error; // it is sent in the place of the content
    });
  });
}

function changes({ method }: Route): boolean {
  return method !== 'GET';
}

/** Of this the line in the log is the only one. */
function givesContent(route: Route, { statusCode }: FastifyReply): boolean {
  return !changes(route) && route.audited === true && statusCode < 400;
}

function isNoted(route: Route, reply: FastifyReply): boolean {
  if (reply.statusCode === 429) return false;
  return changes(route) || route.audited === true || isRefusal(reply);
}

/** Nothing of the request was carried out: its caller is not known, or may not. */
function isRefusal({ statusCode }: FastifyReply): boolean {
  return statusCode === 401 || statusCode === 403;
}

function entryOf(
  event: AuditEntry['event'],
  request: FastifyRequest,
  route: Route,
  status: number | null,
): AuditEntry {
  return {
    event,
    request: request.id,
    principal: request.principal?.id ?? null,
    tenant: request.principal?.tenant ?? null,
    address: request.ip,
    method: request.method,
    route: route.url,
    parameters: { ...(request.params as Record<string, string>) },
    subject: request.subject ?? {},
    status,
    job: request.job,
  };
}
