import { abortedError, type Call, throwIfAborted } from '@sendense/core';
import { request } from 'undici';
import type { RangeServer } from './fetch-range.ts';
import { mapHttpError } from './map-http-error.ts';
import { readBounded } from './read-bounded.ts';

/** A request of the automation API. */
export type JsonMessage = {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path and query, encoded. */
  readonly path: string;
  /** `operation` of errors. */
  readonly operation: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string | undefined;
};

/** What came back, whatever its status. */
export type JsonAnswer = { readonly status: number; readonly text: string };

/**
 * Sends a request and resolves with the answer, whatever its status. Rejects with `CONNECTION_LOST`, `TIMEOUT`, `UNTRUSTED_PEER`,
 * `ABORTED`, `PROTOCOL_VIOLATION` for an answer of more than 16 MiB.
 */
export async function sendJson(
  { agent, origin, host, timeoutMs }: RangeServer,
  { method, path, operation, headers, body }: JsonMessage,
  call?: Call,
): Promise<JsonAnswer> {
  throwIfAborted(call?.signal, operation);
  const [subject = path] = path.split('?');
  try {
    const answer = await request(`${origin}${path}`, {
      dispatcher: agent,
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      ...(call?.signal === undefined ? {} : { signal: call.signal }),
    });
    return { status: answer.statusCode, text: await readBounded(answer.body, { operation, subject }) };
  } catch (error) {
    if (call?.signal?.aborted === true) throw abortedError(operation, call.signal, undefined, 'unknown');
    throw mapHttpError(error, { operation, subject, host });
  }
}
