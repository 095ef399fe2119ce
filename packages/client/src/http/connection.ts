import { SendenseError, throwIfAborted } from '@sendense/core';
import { type ClientOptions, checkOptions, type ResolvedOptions } from '../client-options.ts';
import { type ClientCall, checkTimeout } from './client-call.ts';
import type { Fetch } from './fetch.ts';
import { fetchTrusting } from './fetch-trusting.ts';
import { type Attempt, networkError } from './network-error.ts';
import { Patience } from './patience.ts';
import { readText } from './read-text.ts';
import { replyError } from './reply-error.ts';

/** A request in terms of HTTP. */
export type HttpRequest = {
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path and query, from `/` on. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** A success whose body has not been read. */
export type HttpReply = { readonly response: Response; readonly attempt: Attempt };

/** Visible ASCII: what a header takes, so that no error repeats a token that it does not. */
const TOKEN = /^[\x21-\x7e]+$/u;

/** Sends requests to one server as one caller. */
export class Connection {
  readonly reconnect: ResolvedOptions['reconnect'];
  readonly #base: string;
  readonly #fetch: Fetch;
  readonly #timeoutMs: number;
  readonly #tokenOf: (signal: AbortSignal) => Promise<string | undefined>;

  constructor(options: ClientOptions) {
    const { url, token, getToken, caPem, fetch, timeoutMs, reconnect } = checkOptions(options);
    this.reconnect = reconnect;
    this.#base = url.replace(/\/+$/u, '');
    this.#timeoutMs = timeoutMs;
    this.#fetch =
      fetch ?? (caPem === undefined ? (to, init) => globalThis.fetch(to, init) : fetchTrusting(caPem));
    this.#tokenOf = async (signal) => (getToken === undefined ? token : getToken({ signal }));
  }

  /** The whole body of a success as text. */
  async text(request: HttpRequest, call: ClientCall = {}): Promise<string> {
    const attempt = this.#attempt(request, call);
    return settle(attempt, () =>
      attempt.patience.wait(async () => readText(await this.#send(request, attempt), request.operation)),
    );
  }

  /** A success, whose body the caller reads: each piece of it within `attempt.patience`. */
  async open(request: HttpRequest, call: ClientCall = {}): Promise<HttpReply> {
    const attempt = this.#attempt(request, call);
    const response = await settle(attempt, () => attempt.patience.wait(() => this.#send(request, attempt)));
    return { response, attempt };
  }

  #attempt({ operation, method }: HttpRequest, { signal, timeoutMs = this.#timeoutMs }: ClientCall): Attempt {
    checkTimeout(timeoutMs, operation);
    throwIfAborted(signal, operation);
    const patience = new Patience(timeoutMs, signal);
    return { operation, changes: method !== 'GET', signal, patience };
  }

  async #send(
    { operation, method, path, headers, body }: HttpRequest,
    { changes, patience: { signal } }: Attempt,
  ): Promise<Response> {
    const token = await this.#token(signal);
    const response = await this.#fetch(this.#base + path, {
      method,
      headers: {
        // parts of files are counted in bytes as they are
        'accept-encoding': 'identity',
        ...headers,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body }),
      // the token goes to the server that it is for
      redirect: 'manual',
      signal,
    });
    if (response.ok) return response;
    const text = await readText(response, operation);
    throw replyError({
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      text,
      operation,
      changes,
    });
  }

  /** The token of a request. Nothing was sent yet, and a server that is tried again has no other for it: its failure is its own. */
  async #token(signal: AbortSignal): Promise<string | undefined> {
    const token = await this.#tokenOf(signal).catch((error: unknown) => {
      throw signal.aborted ? error : tokenless(error);
    });
    if (token !== undefined && !TOKEN.test(token)) throw unfit();
    return token;
  }
}

/** What `run` resolves to; it rejects with a `SendenseError` whatever happened. */
async function settle<T>(attempt: Attempt, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw networkError(error, attempt);
  }
}

function tokenless(cause: unknown): SendenseError {
  return new SendenseError('AUTHENTICATION_FAILED', 'there is no token to send: getToken failed', {
    operation: 'get-token',
    remedy: 'see the cause for what it failed with',
    cause,
  });
}

function unfit(): SendenseError {
  return new SendenseError('CONFIG_INVALID', 'the token holds characters that no token has', {
    operation: 'send-token',
  });
}
