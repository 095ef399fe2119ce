import { randomUUID } from 'node:crypto';
import type { ServerOptions as TlsOptions } from 'node:https';
import rateLimit from '@fastify/rate-limit';
import type { LogSink } from '@sendense/core';
import fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { rateLimitPluginOptions } from '../access/rate-limits.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Observations } from '../observe/observations.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Route } from '../routes/route.ts';
import type { Gate } from './admission.ts';
import { admitCallers, identifyCallers } from './admission-hooks.ts';
import { answerBadUrl, answerNoRequest } from './answer-broken-requests.ts';
import { answerErrors } from './answer-errors.ts';
import { auditRequests } from './audit-hooks.ts';
import { serveDocuments } from './documents.ts';
import { openApiDocument } from './open-api/open-api-document.ts';
import { refuseOtherMethods, registerRoute } from './register-route.ts';
import { sendSecurityHeaders } from './security-headers.ts';

/** What an app is made of. */
export type AppParts = {
  readonly options: Pick<ResolvedOptions, 'limits' | 'rates'>;
  readonly routes: readonly Route[];
  readonly gate: Gate;
  readonly audit: AuditLog;
  readonly observations: Observations;
  readonly tls: Pick<TlsOptions, 'cert' | 'key'> | undefined;
  /** Fires when what is under way has to end. */
  readonly stop: AbortSignal;
  readonly log: LogSink;
};

/** Longer than any id or name in a path, decoded. */
const MAX_PARAMETER = 512;

/** The longest URL that an operation takes, a path of 4096 characters that are nine each once encoded, has room beside other headers. */
const MAX_HEADER_BYTES = 64 * 1024;

/** The app with all operations, not listening yet. The order of the hooks is the order in which a request is judged. */
export async function createApp(parts: AppParts): Promise<FastifyInstance> {
  const app = bareApp(parts);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.removeContentTypeParser('text/plain'); // what a page of another origin may send without asking
  answerErrors(app, parts.log);
  sendSecurityHeaders(app, { isTls: parts.tls !== undefined });
  parts.observations.watch(app);
  identifyCallers(app, parts.gate);
  await app.register(
    rateLimit,
    rateLimitPluginOptions(parts.options.rates, ({ principal }) => principal ?? undefined),
  );
  admitCallers(app, parts.gate);
  auditRequests(app, parts.audit);
  hangUpAfterStop(app, parts.stop);
  for (const route of parts.routes) registerRoute(app, route, parts.stop);
  for (const [url, methods] of methodsByUrl(parts.routes)) refuseOtherMethods(app, url, methods);
  await serveDocuments(app, openApiDocument(parts.routes));
  return app;
}

function bareApp({ options: { limits }, tls }: AppParts): FastifyInstance {
  const options = {
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    connectionTimeout: limits.stalledMs,
    routerOptions: { maxParamLength: MAX_PARAMETER },
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle' as const,
    genReqId: () => randomUUID(),
    frameworkErrors: answerBadUrl,
    clientErrorHandler: answerNoRequest,
    logger: false,
    requestIdHeader: false as const,
  };
  const http = { maxHeaderSize: MAX_HEADER_BYTES };
  const app =
    tls === undefined
      ? fastify({ ...options, http })
      : (fastify({
          ...options,
          https: { ...http, ...tls, minVersion: 'TLSv1.2' },
        }) as unknown as FastifyInstance);
  app.server.maxConnections = limits.connections;
  return app;
}

/** What was kept alive for the next request of a client would hold up the end for as long as that: nothing comes any more. */
function hangUpAfterStop(app: FastifyInstance, stop: AbortSignal): void {
  app.addHook('onResponse', async () => {
    if (stop.aborted) setImmediate(() => app.server.closeIdleConnections());
  });
}

function methodsByUrl(routes: readonly Route[]): ReadonlyMap<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { url, method } of routes) methods.set(url, [...(methods.get(url) ?? []), method]);
  return methods;
}
