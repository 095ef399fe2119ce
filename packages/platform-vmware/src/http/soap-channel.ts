import { abortedError, type Call, SendenseError, throwIfAborted } from '@sendense/core';
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

/** Sends SOAP messages to one server. */
export class SoapChannel implements AsyncDisposable {
  readonly #agent: Agent;
  readonly #url: URL;
  readonly #timeoutMs: number;

  /** @param timeoutMs - the longest silence of the server. */
  constructor(agent: Agent, url: URL, timeoutMs: number) {
    this.#agent = agent;
    this.#url = url;
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects with `UNTRUSTED_PEER`, `CONNECTION_LOST`, `TIMEOUT`, `ABORTED`, `PROTOCOL_VIOLATION` for what is too long. */
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
    const cause = socketErrorOf(error);
    return mapSocketError(cause, `vim-${method}`, this.#url.host);
  }
}

/** undici has names of its own for what sockets do. */
function socketErrorOf(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'UND_ERR_SOCKET')
    return Object.assign(new Error('closed', { cause: error }), { code: 'ECONNRESET' });
  if (code !== undefined && /^UND_ERR_(?:HEADERS|BODY|CONNECT)_TIMEOUT$/.test(code))
    return Object.assign(new Error('silent', { cause: error }), { code: 'ETIMEDOUT' });
  return error;
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
