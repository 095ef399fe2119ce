import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { Readable } from 'node:stream';
import { SendenseError } from '@sendense/core';
import type { Fetch, FetchInit } from './fetch.ts';

/** Statuses whose replies have no body, for which `Response` takes none. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** A `fetch` that trusts the authorities of `caPem` and no others; Node's own takes none. It follows no redirects. */
export function fetchTrusting(caPem: string): Fetch {
  const agent = new Agent({ ca: caPem, keepAlive: true });
  return (url, init) => fetchBy(agent, url, init);
}

function fetchBy(agent: Agent, url: string, { method, headers, body, signal }: FetchInit): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const asked = request(url, { agent, method, headers: { ...headers }, signal }, (message) => {
    try {
      resolve(responseOf(message));
    } catch (error) {
      // nobody else would catch what is thrown here
      message.destroy();
      reject(noResponse(message, method, error));
    }
  });
  asked.on('error', reject).end(body);
  return promise;
}

/** Throws for what `Response` takes none of, e.g. a status outside of 200 to 599. */
function responseOf(message: IncomingMessage): Response {
  const { statusCode = 0, rawHeaders } = message;
  const bytes = Readable.toWeb(message) as unknown as ReadableStream<Uint8Array>;
  const isBodiless = BODILESS.has(statusCode);
  if (isBodiless) message.resume();
  return new Response(isBodiless ? null : (bytes as never), {
    status: statusCode,
    headers: pairs(rawHeaders),
  });
}

function noResponse({ statusCode = 0 }: IncomingMessage, method: string, cause: unknown): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `the answer is none of HTTP (status ${statusCode})`, {
    operation: 'read-reply',
    effect: method === 'GET' ? 'none' : 'unknown',
    remedy: 'look whether the URL is that of the server, and what stands before it',
    cause,
  });
}

/** Node lists names and values in turn. */
function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, at) => [raw[2 * at] ?? '', raw[2 * at + 1] ?? '']);
}
