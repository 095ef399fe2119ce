import { abortedError, type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { type Dispatcher, request } from 'undici';
import type { HostAgents } from './host-agents.ts';
import { mapHttpError } from './map-http-error.ts';

/** A body to read from its start to its end. */
export type StreamMessage = {
  /** Of the server, or of a host that it names. */
  readonly url: URL;
  /** What it is, as a person names it. */
  readonly name: string;
  /** Of the certificate of the host, where the server vouches for another host by it. */
  readonly thumbprint: string | undefined;
  readonly cookie: string | undefined;
};

/** What came back. */
export type StreamAnswer = {
  readonly status: number;
  /** The body, once. Rejects with `CONNECTION_LOST` when it is cut, `TIMEOUT`, `ABORTED`. Ending the iteration early closes it. */
  readonly body: AsyncIterable<Uint8Array>;
};

const OPERATION = 'read-stream';

/**
 * Asks for a body by GET. An answer that is not 200 is left to the caller, without its body. The session is shown to the server alone,
 * never to a host that it names. The signal of `call` is of the whole body.
 */
export async function openStream(
  hosts: HostAgents,
  { url, name, thumbprint, cookie }: StreamMessage,
  timeoutMs: number,
  call?: Call,
): Promise<StreamAnswer> {
  throwIfAborted(call?.signal, OPERATION);
  if (url.protocol !== 'https:') throw unsafe(name);
  const mapped = (error: unknown): SendenseError =>
    call?.signal?.aborted === true
      ? abortedError(OPERATION, call.signal, error)
      : mapHttpError(error, { operation: OPERATION, subject: name, host: url.host });
  try {
    const { statusCode: status, body } = await request(url, {
      dispatcher: hosts.of(url, thumbprint),
      method: 'GET',
      headers: cookie === undefined || !hosts.isServer(url) ? {} : { cookie },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      ...(call?.signal === undefined ? {} : { signal: call.signal }),
    });
    // a body that is given up says so by an event besides
    body.on('error', () => undefined);
    if (status === 200) return { status, body: chunksOf(body, mapped) };
    await body.dump({ limit: 65_536 });
    return { status, body: chunksOf([], mapped) };
  } catch (error) {
    throw mapped(error);
  }
}

async function* chunksOf(
  body: Dispatcher.ResponseData['body'] | readonly Uint8Array[],
  mapped: (error: unknown) => SendenseError,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw mapped(error);
  }
}

function unsafe(name: string): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `the server gives an address of ${name} that is not https`, {
    operation: OPERATION,
    remedy: 'look into the settings of the host: its bytes would go over the network unprotected',
  });
}
