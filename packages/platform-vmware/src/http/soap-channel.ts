import { abortedError, amendError, type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { mapSocketError } from '@sendense/plugin-kit/nbd';
import { type Agent, type Dispatcher, request } from 'undici';
import { MAX_REPLY_BYTES } from '../soap/envelope.ts';

/** One message to send. */
export type SoapMessage = {
  readonly method: string;
  readonly body: string;
  /** Value of the header `SOAPAction`: the version of the API that is spoken. */
  readonly action: string;
  readonly cookie: string | undefined;
};

/** What came back. */
export type SoapAnswer = {
  readonly status: number;
  readonly text: string;
  /** `name=value` of the session that the server gave, if it gave one. */
  readonly cookie: string | undefined;
};

const COOKIE = /^(vmware_soap_session=[^;\s]{1,1024})/;

/** Sends messages and reads what comes back. */
export interface SoapSender extends AsyncDisposable {
  /** Rejects with `UNTRUSTED_PEER`, `CONNECTION_LOST`, `TIMEOUT`, `ABORTED`, `PROTOCOL_VIOLATION` for what is too long. */
  send(message: SoapMessage, call?: Call): Promise<SoapAnswer>;
}

/** Sends SOAP messages to one server. */
export class SoapChannel implements SoapSender {
  readonly #agent: Agent;
  readonly #url: URL;
  readonly #timeoutMs: number;

  /** @param timeoutMs - the longest silence of the server. */
  constructor(agent: Agent, url: URL, timeoutMs: number) {
    this.#agent = agent;
    this.#url = url;
    this.#timeoutMs = timeoutMs;
  }

  async send(message: SoapMessage, call?: Call): Promise<SoapAnswer> {
    const { method } = message;
    throwIfAborted(call?.signal, `vim-${method}`);
    try {
      const answer = await request(this.#url, this.#requestOf(message, call?.signal));
      const text = await readBounded(answer.body, method);
      return { status: answer.statusCode, text, cookie: cookieOf(answer.headers['set-cookie']) };
    } catch (error) {
      if (call?.signal?.aborted === true)
        throw abortedError(`vim-${method}`, call.signal, undefined, 'unknown');
      throw this.#failure(error, method);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  #requestOf({ body, action, cookie }: SoapMessage, signal: AbortSignal | undefined) {
    return {
      dispatcher: this.#agent,
      method: 'POST',
      headers: {
        'content-type': 'text/xml; charset=utf-8',
        soapaction: `"${action}"`,
        ...(cookie === undefined ? {} : { cookie }),
      },
      body,
      headersTimeout: this.#timeoutMs,
      bodyTimeout: this.#timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    } as const;
  }

  #failure(error: unknown, method: string): SendenseError {
    if (SendenseError.is(error)) return error;
    const code = codeOf(error);
    if (CLOSED.has(code)) return closed(method);
    const cause = SOCKET_CODES[code] === undefined ? error : withCode(error, SOCKET_CODES[code]);
    const mapped = mapSocketError(cause, `vim-${method}`, this.#url.host);
    if (code === OTHER_HOST) return amendError(mapped, { remedy: OTHER_HOST_REMEDY });
    return SENT.has(codeOf(cause)) ? amendError(mapped, { effect: 'unknown' }) : mapped;
  }
}

/** undici has names of its own for what sockets do. */
const SOCKET_CODES: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_HEADERS_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_BODY_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_CONNECT_TIMEOUT: 'EHOSTUNREACH',
};

/** The certificate is for another host; here a thumbprint is the way to trust it all the same. */
const OTHER_HOST = 'ERR_TLS_CERT_ALTNAME_INVALID';
const OTHER_HOST_REMEDY =
  'give the address by the name in the certificate, or give the thumbprint of the server';

/** After these the server may have done what it was asked. */
const SENT: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** The channel was closed under the request. */
const CLOSED: ReadonlySet<string> = new Set(['UND_ERR_DESTROYED', 'UND_ERR_CLOSED', 'UND_ERR_ABORTED']);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function withCode(cause: unknown, code: string): Error {
  return Object.assign(new Error(code, { cause }), { code });
}

function closed(method: string): SendenseError {
  return new SendenseError('NOT_OPEN', `the session was closed during ${method}`, {
    operation: `vim-${method}`,
    effect: 'unknown',
    context: { method },
  });
}

async function readBounded(body: Dispatcher.ResponseData['body'], method: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_REPLY_BYTES) throw tooLong(method);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLong(method: string): SendenseError {
  return new SendenseError(
    'PROTOCOL_VIOLATION',
    `the reply to ${method} is longer than ${MAX_REPLY_BYTES} bytes`,
    {
      operation: `vim-${method}`,
      context: { method },
      effect: 'unknown',
      remedy: 'check that the address is that of a vCenter or ESXi',
    },
  );
}

function cookieOf(headers: string | string[] | undefined): string | undefined {
  const all = headers === undefined ? [] : [headers].flat();
  return all.map((header) => COOKIE.exec(header)?.[1]).find((cookie) => cookie !== undefined);
}
