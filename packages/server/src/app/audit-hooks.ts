import { SendenseError } from '@sendense/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AuditEntry, AuditLog } from '../audit/audit-log.ts';
import { Refusals } from '../audit/refusals.ts';
import type { Route } from '../routes/route.ts';

/**
 * Writes the audit log: before a request that changes something is carried out, and before its answer is sent. A refusal is written
 * too, whatever was asked, and counted when it comes again; one that only tells to come more slowly is not.
 */
export function auditRequests(app: FastifyInstance, log: AuditLog): void {
  const refusals = new Refusals(log);
  app.addHook('onClose', () => refusals[Symbol.asyncDispose]());
  app.decorateRequest('job', null);
  app.decorateRequest('subject', null);
  app.addHook('preHandler', async (request) => {
    const { route } = request.routeOptions.config;
    if (route !== undefined && changes(route)) await log.record(entryOf('asked', request, route, null));
  });
  app.addHook('onSend', async (request, reply) => {
    const { route } = request.routeOptions.config;
    if (route === undefined || !isNoted(route, reply)) return;
    const entry = entryOf('answered', request, route, reply.statusCode);
    const noted = isRefusal(reply) ? refusals.note(entry, new Date()) : log.record(entry);
    await noted.catch((error: unknown) => {
      // it was done, and the log has said that it was asked: the client learns how it ended, and readiness that the log is full
      if (!SendenseError.is(error)) throw error;
    });
  });
}

function changes({ method }: Route): boolean {
  return method !== 'GET';
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
