import { abortedError, type Call, throwIfAborted } from '@sendense/core';
import { request } from 'undici';
import { fetchRange, type RangeAnswer, type RangeMessage } from './fetch-range.ts';
import { HostAgents } from './host-agents.ts';
import { mapHttpError } from './map-http-error.ts';
import { openStream, type StreamAnswer, type StreamMessage } from './open-stream.ts';
import { readBounded } from './read-bounded.ts';
import { type JsonAnswer, type JsonMessage, sendJson } from './send-json.ts';
import { type TransferAnswer, type TransferMessage, transferFile } from './transfer-file.ts';
import type { TrustedAgent } from './trusted-agent.ts';

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

/** The call that the server answers when there is news, or after a while. */
const WAITING = 'WaitForUpdatesEx';

const COOKIE = /^(vmware_soap_session=[^;\s]{1,1024})/;

/** Sends messages, and reads what comes back and what the server keeps in files: all on the same connections. */
export interface SoapSender extends AsyncDisposable {
  /** Rejects with `UNTRUSTED_PEER`, `CONNECTION_LOST`, `TIMEOUT`, `ABORTED`, `PROTOCOL_VIOLATION` for what is too long. */
  send(message: SoapMessage, call?: Call): Promise<SoapAnswer>;
  /** Sends a request of the automation API to the server; see {@link sendJson}. */
  sendJson(message: JsonMessage, call?: Call): Promise<JsonAnswer>;
  /** Reads a part of a file; see {@link fetchRange}. */
  fetchRange(message: RangeMessage, call?: Call): Promise<RangeAnswer>;
  /** Reads a body of the server or of a host that it names; see {@link openStream}. */
  openStream(message: StreamMessage, call?: Call): Promise<StreamAnswer>;
  /** Sends a file to the server or to a host that it names; see {@link transferFile}. */
  transfer(message: TransferMessage, call?: Call): Promise<TransferAnswer>;
}

/** Sends SOAP messages to one server. */
export class SoapChannel implements SoapSender {
  readonly #agent: TrustedAgent;
  readonly #hosts: HostAgents;
  readonly #url: URL;
  readonly #timeoutMs: number;

  /** @param timeoutMs - the longest silence of the server. */
  constructor(agent: TrustedAgent, url: URL, timeoutMs: number) {
    this.#agent = agent;
    this.#hosts = new HostAgents({ origin: url.origin, agent: agent.calls });
    this.#url = url;
    this.#timeoutMs = timeoutMs;
  }

  async send(message: SoapMessage, call?: Call): Promise<SoapAnswer> {
    const { method } = message;
    throwIfAborted(call?.signal, `vim-${method}`);
    try {
      const answer = await request(this.#url, this.#requestOf(message, call?.signal));
      const text = await readBounded(answer.body, { operation: `vim-${method}`, subject: method });
      return { status: answer.statusCode, text, cookie: cookieOf(answer.headers['set-cookie']) };
    } catch (error) {
      if (call?.signal?.aborted === true)
        throw abortedError(`vim-${method}`, call.signal, undefined, 'unknown');
      throw mapHttpError(error, { operation: `vim-${method}`, subject: method, host: this.#url.host });
    }
  }

  sendJson(message: JsonMessage, call?: Call): Promise<JsonAnswer> {
    const { origin, host } = this.#url;
    return sendJson({ agent: this.#agent.calls, origin, host, timeoutMs: this.#timeoutMs }, message, call);
  }

  fetchRange(message: RangeMessage, call?: Call): Promise<RangeAnswer> {
    const { url, thumbprint } = message.host ?? { url: this.#url, thumbprint: undefined };
    const agent = this.#hosts.of(url, thumbprint);
    const { origin, host } = url;
    return fetchRange({ agent, origin, host, timeoutMs: this.#timeoutMs }, message, call);
  }

  openStream(message: StreamMessage, call?: Call): Promise<StreamAnswer> {
    return openStream(this.#hosts, message, this.#timeoutMs, call);
  }

  transfer(message: TransferMessage, call?: Call): Promise<TransferAnswer> {
    return transferFile(this.#hosts, message, this.#timeoutMs, call);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { calls, waiting } = this.#agent;
    await Promise.all([calls.destroy(), waiting.destroy(), this.#hosts[Symbol.asyncDispose]()]);
  }

  #requestOf({ method, body, action, cookie }: SoapMessage, signal: AbortSignal | undefined) {
    return {
      dispatcher: method === WAITING ? this.#agent.waiting : this.#agent.calls,
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
}

function cookieOf(headers: string | string[] | undefined): string | undefined {
  const all = headers === undefined ? [] : [headers].flat();
  return all.map((header) => COOKIE.exec(header)?.[1]).find((cookie) => cookie !== undefined);
}
