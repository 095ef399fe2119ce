import { Agent, request } from 'node:https';
import { Readable } from 'node:stream';
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
    const { statusCode = 0, rawHeaders } = message;
    const bytes = Readable.toWeb(message) as unknown as ReadableStream<Uint8Array>;
    const isBodiless = BODILESS.has(statusCode);
    if (isBodiless) message.resume();
    resolve(
      new Response(isBodiless ? null : (bytes as never), { status: statusCode, headers: pairs(rawHeaders) }),
    );
  });
  asked.on('error', reject).end(body);
  return promise;
}

/** Node lists names and values in turn. */
function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, at) => [raw[2 * at] ?? '', raw[2 * at + 1] ?? '']);
}
