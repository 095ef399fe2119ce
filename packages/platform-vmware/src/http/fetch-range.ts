import { abortedError, type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { type Agent, type Dispatcher, request } from 'undici';
import { mapHttpError } from './map-http-error.ts';

/** A part of a file to read. */
export type RangeMessage = {
  /** Path and query, encoded. */
  readonly path: string;
  /** The file as a person names it. */
  readonly name: string;
  readonly offset: number;
  /** Filled from its start to its end. */
  readonly into: Uint8Array;
  readonly cookie: string | undefined;
  /** The host to ask instead of the server, and the certificate that the server vouches for. */
  readonly host?: { readonly url: URL; readonly thumbprint: string | undefined };
};

/** What came back: `into` is filled when `status` is 206. */
export type RangeAnswer = {
  readonly status: number;
  /** Size of the whole file, where the server tells it. */
  readonly fileBytes: number | undefined;
  /** What the server asks to wait. */
  readonly retryAfterMs: number | undefined;
};

/** Where files are read from. */
export type RangeServer = {
  readonly agent: Agent;
  readonly origin: string;
  readonly host: string;
  /** The longest silence of the server. */
  readonly timeoutMs: number;
};

const OPERATION = 'read-datastore-file';

/** `bytes 0-511/2097152`, or `bytes *\/2097152` for what lies behind the end. */
const CONTENT_RANGE = /^bytes (?:(\d{1,16})-(\d{1,16})|\*)\/(\d{1,16}|\*)$/;

/**
 * Reads a part of a file by a `Range` of HTTP. An answer that is not 206 is left to the caller. Rejects with `CONNECTION_LOST` when
 * it ends early, `PROTOCOL_VIOLATION` when it is of another part, `TIMEOUT`, `UNTRUSTED_PEER`, `ABORTED`.
 */
export async function fetchRange(
  server: RangeServer,
  message: RangeMessage,
  call?: Call,
): Promise<RangeAnswer> {
  const { host } = server;
  throwIfAborted(call?.signal, OPERATION);
  try {
    const { statusCode: status, headers, body } = await send(server, message, call?.signal);
    const told = CONTENT_RANGE.exec(single(headers['content-range']) ?? '');
    if (status === 206) await take(body, told, message);
    else await body.dump({ limit: 65_536 });
    const fileBytes = told?.[3] === undefined || told[3] === '*' ? undefined : Number(told[3]);
    return { status, fileBytes, retryAfterMs: secondsIn(single(headers['retry-after'])) };
  } catch (error) {
    if (call?.signal?.aborted === true) throw abortedError(OPERATION, call.signal);
    throw mapHttpError(error, { operation: OPERATION, subject: message.name, host });
  }
}

async function send(
  { agent, origin, timeoutMs }: RangeServer,
  { path, offset, into, cookie }: RangeMessage,
  signal: AbortSignal | undefined,
): Promise<Dispatcher.ResponseData> {
  return await request(`${origin}${path}`, {
    dispatcher: agent,
    method: 'GET',
    headers: {
      range: `bytes=${offset}-${offset + into.byteLength - 1}`,
      ...(cookie === undefined ? {} : { cookie }),
    },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  });
}

async function take(
  body: Dispatcher.ResponseData['body'],
  told: RegExpExecArray | null,
  { name, offset, into }: RangeMessage,
): Promise<void> {
  // a body that is given up says so by an event besides
  body.on('error', () => undefined);
  const last = offset + into.byteLength - 1;
  if (Number(told?.[1]) !== offset || Number(told?.[2]) !== last) {
    body.destroy();
    // the last byte that there is: the file is shorter
    const isShort = told !== null && Number(told[1]) === offset && Number(told[2]) < last;
    throw isShort
      ? short(name, Number(told[2]) + 1)
      : violation(name, 'gives another part than was asked for');
  }
  let filled = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    if (filled + chunk.length > into.byteLength) throw violation(name, 'gives more than was asked for');
    into.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled === into.byteLength) return;
  throw new SendenseError('CONNECTION_LOST', `${name}: the connection ended after ${filled} bytes`, {
    operation: OPERATION,
    context: { file: name, offset, length: into.byteLength },
  });
}

function short(name: string, sizeBytes: number): SendenseError {
  return new SendenseError('CORRUPT', `${name} ends at byte ${sizeBytes}, inside what was asked for`, {
    operation: OPERATION,
    context: { file: name, sizeBytes },
    remedy: 'check the disk on the datastore: it is shorter than the machine says',
  });
}

function violation(name: string, what: string): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `the server of ${name} ${what}`, {
    operation: OPERATION,
    context: { file: name },
    remedy: 'check that no proxy changes the answers of the server',
  });
}

function single(header: string | string[] | undefined): string | undefined {
  return [header].flat()[0];
}

function secondsIn(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,4}$/.test(header) ? Number(header) * 1000 : undefined;
}
