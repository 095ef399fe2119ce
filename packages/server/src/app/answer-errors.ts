import { type LogSink, SendenseError } from '@sendense/core';
import type { FastifyInstance } from 'fastify';
import { errorReply } from './error-reply.ts';

/** Answers every failure in one form; the text of a defect goes to the log only. */
export function answerErrors(app: FastifyInstance, log: LogSink): void {
  app.setErrorHandler((error, request, reply) => {
    const { status, body, retryAfterSeconds, isDefect } = errorReply(error, request.admission !== null);
    if (isDefect) logDefect(log, request.id, error);
    if (retryAfterSeconds !== undefined) void reply.header('retry-after', retryAfterSeconds);
    if (status === 401) void reply.header('www-authenticate', 'Bearer');
    return reply.status(status).type('application/json').serializer(JSON.stringify).send(body);
  });
  app.setNotFoundHandler((request) => {
    const [path] = request.url.split('?');
    throw new SendenseError('NOT_FOUND', `there is nothing at ${path}`, {
      operation: 'find-operation',
      remedy: 'see /docs for what there is',
    });
  });
}

function logDefect(log: LogSink, request: string, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : null;
  log({ level: 'error', message: `a request failed by a defect: ${text}`, fields: { request, cause } });
}
