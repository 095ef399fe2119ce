import type { ErrorBody } from '@sendense/api';
import { type ErrorCode, SendenseError } from '@sendense/core';
import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { refusalStatus, statusOf } from './error-status.ts';

/** A reply that tells of a failure. */
export type ErrorReply = {
  readonly status: number;
  readonly body: ErrorBody;
  readonly retryAfterSeconds: number | undefined;
  /** A defect, whose text is for the log and not for the client. */
  readonly isDefect: boolean;
};

/** What a client is told of `error`. `isAdmitted`: its caller was known, and may call the operation. */
export function errorReply(error: unknown, isAdmitted: boolean): ErrorReply {
  const known = toKnownError(error);
  const isDefect = known.code === 'UNEXPECTED';
  const status = httpStatusOf(error) ?? (isAdmitted ? statusOf(known.code) : refusalStatus(known.code));
  return {
    status,
    body: {
      error: {
        code: known.code,
        message: isDefect ? 'something that should not happen happened' : known.message,
        remedy: isDefect ? "look for the reply's x-request-id in the server's log" : (known.remedy ?? null),
        operation: known.operation,
        retry: known.retry,
      },
    },
    retryAfterSeconds: known.retryAfterMs === undefined ? undefined : Math.ceil(known.retryAfterMs / 1000),
    isDefect,
  };
}

/** Whatever was thrown, with a code: errors of requests by what fastify says of them, everything else is a defect. */
function toKnownError(error: unknown): SendenseError {
  if (SendenseError.is(error)) return error;
  if (hasZodFastifySchemaValidationErrors(error)) return invalidRequest(error.message);
  const status = httpStatusOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (status === undefined)
    return new SendenseError('UNEXPECTED', message, { operation: 'serve-request', cause: error });
  return new SendenseError(CODE_OF_STATUS[status] ?? 'CONFIG_INVALID', message, {
    operation: 'read-request',
  });
}

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  404: 'NOT_FOUND',
  408: 'TIMEOUT',
};

/** The status of an error that fastify made of the request itself; its own failures (5xx) are defects like any other. */
function httpStatusOf(error: unknown): number | undefined {
  if (SendenseError.is(error) || !(error instanceof Error)) return undefined;
  const { statusCode } = error as Partial<FastifyError>;
  return statusCode !== undefined && statusCode >= 400 && statusCode < 500 ? statusCode : undefined;
}

function invalidRequest(message: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', message, {
    operation: 'read-request',
    remedy: 'see /docs for what the operation takes',
  });
}
