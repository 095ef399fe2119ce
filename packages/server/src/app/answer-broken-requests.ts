import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorBody } from '@sendense/api';
import { type ErrorCode, SendenseError } from '@sendense/core';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { errorReply } from './error-reply.ts';

/** Answers a URL that is none, or has too long a part, in the form of every failure: it is refused before there is an operation. */
export function answerBadUrl(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const { status, body } = errorReply(error, false);
  void reply.status(status).header('content-type', 'application/json').send(JSON.stringify(body));
}

/** What Node's parser of HTTP says of bytes that are no request, or come too slowly. */
const BROKEN: Readonly<Record<string, readonly [status: number, code: ErrorCode, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'TIMEOUT', 'the request did not arrive in time'],
  HPE_HEADER_OVERFLOW: [431, 'CONFIG_INVALID', 'the header of the request is too large'],
};

/** Answers what is no request of HTTP, and hangs up. */
export function answerNoRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const [status, code, message] = BROKEN[error.code ?? ''] ?? [
    400,
    'CONFIG_INVALID',
    'this is no request of HTTP',
  ];
  const text = JSON.stringify(bodyOf(code, message));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`);
}

function bodyOf(code: ErrorCode, message: string): ErrorBody {
  return errorReply(new SendenseError(code, message, { operation: 'read-request' }), false).body;
}
