import { abortedError, type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { type Dispatcher, request } from 'undici';
import type { HostAgents } from './host-agents.ts';
import { mapHttpError } from './map-http-error.ts';

/** A file to send to a server, or to remove there. */
export type TransferMessage = {
  readonly method: 'PUT' | 'POST' | 'DELETE';
  /** Of the server, or of a host that it names. */
  readonly url: URL;
  /** The file as a person names it. */
  readonly name: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it comes: in chunks unless `content-length` is one of the headers. */
  readonly body?: AsyncIterable<Uint8Array>;
  /** Of the certificate of the host, where the server vouches for another host by it. */
  readonly thumbprint?: string | undefined;
  readonly cookie: string | undefined;
};

/** What came back: the first bytes of what the server says, which are a sentence where it refuses. */
export type TransferAnswer = { readonly status: number; readonly text: string };

const OPERATION = 'transfer-file';

/** Longer answers tell nothing more. */
const MAX_ANSWER_BYTES = 4096;

/**
 * Sends a file and resolves with the status, whatever it is, perhaps before `body` has ended. The session is shown to the server alone.
 * Rejects with `CONNECTION_LOST`, `TIMEOUT`, `UNTRUSTED_PEER`, `ABORTED`, and with what `body` rejects with.
 */
export async function transferFile(
  hosts: HostAgents,
  { method, url, name, headers, body, thumbprint, cookie }: TransferMessage,
  timeoutMs: number,
  call?: Call,
): Promise<TransferAnswer> {
  throwIfAborted(call?.signal, OPERATION);
  if (url.protocol !== 'https:') throw unsafe(name);
  try {
    const answer = await request(url, {
      dispatcher: hosts.of(url, thumbprint),
      method,
      headers: { ...headers, ...(cookie === undefined || !hosts.isServer(url) ? {} : { cookie }) },
      ...(body === undefined ? {} : { body: body as unknown as Dispatcher.DispatchOptions['body'] }),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      ...(call?.signal === undefined ? {} : { signal: call.signal }),
    } as Parameters<typeof request>[1]);
    return { status: answer.statusCode, text: await beginningOf(answer.body) };
  } catch (error) {
    if (call?.signal?.aborted === true) throw abortedError(OPERATION, call.signal, undefined, 'unknown');
    throw mapHttpError(error, { operation: OPERATION, subject: name, host: url.host });
  }
}

/** What a server says is a help at most: an answer that is cut is one all the same. */
async function beginningOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      pieces.push(piece);
      length += piece.byteLength;
      if (length > MAX_ANSWER_BYTES) break;
    }
  } catch {
    // the status came before
  }
  return Buffer.concat(pieces).subarray(0, MAX_ANSWER_BYTES).toString('utf8').trim();
}

function unsafe(name: string): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `the server gives an address of ${name} that is not https`, {
    operation: OPERATION,
    remedy: 'look into the settings of the host: its bytes would go over the network unprotected',
  });
}
