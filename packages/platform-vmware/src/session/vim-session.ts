import { amendError, type Call, type Secret, SendenseError } from '@sendense/core';
import type { Timer } from '@sendense/plugin-kit';
import { childOf, type XmlElement } from '@sendense/plugin-kit/xml';
import { type AutomationAsk, inAutomationSession } from '../automation/index.ts';
import type { RangeAnswer } from '../http/fetch-range.ts';
import type { StreamAnswer } from '../http/open-stream.ts';
import type { SoapAnswer, SoapSender } from '../http/soap-channel.ts';
import type { TransferAnswer } from '../http/transfer-file.ts';
import { isFault, mapFault, mapStatus } from '../map-error.ts';
import { decodeReply, encodeRequest, type VimReply } from '../soap/envelope.ts';
import type { ManagedObject, VimField } from '../soap/vim-value.ts';
import { parseServiceContent, SERVICE_INSTANCE, type ServiceContent } from './service-content.ts';
import type {
  FileRange,
  FileTransfer,
  HostRange,
  StreamRequest,
  VimClient,
  VimInvoke,
} from './vim-client.ts';

/** Who logs in, and where. */
type Account = { readonly host: string; readonly user: string; readonly password: Secret };

/** The version before the server told its own: every vSphere that is not older than 6.5 knows it. */
const FIRST_VERSION = '6.5';

/** Logging out must not keep a program that ends waiting for a server that is gone. */
const LOGOUT_MS = 5_000;

/** See {@link VimClient}. */
export class VimSession implements VimClient {
  readonly #channel: SoapSender;
  readonly #account: Account;
  readonly #closing = new AbortController();
  #content: ServiceContent | undefined;
  #cookie: string | undefined;
  /** Counts logins: who saw a session end asks for the one after it, and many of them get the same. */
  #generation = 0;
  #login: Promise<void> | undefined;

  constructor(channel: SoapSender, account: Account) {
    this.#channel = channel;
    this.#account = account;
  }

  get host(): string {
    return this.#account.host;
  }

  get content(): ServiceContent {
    if (this.#content !== undefined) return this.#content;
    throw new SendenseError('NOT_OPEN', 'the session is not open', { operation: 'vim-content' });
  }

  /** Logs in for the first time. */
  async open(call?: Call): Promise<void> {
    const response = await this.#send('RetrieveServiceContent', SERVICE_INSTANCE, [], call);
    this.#content = parseServiceContent(childOf(response, 'returnval'));
    await this.#logInAfter(this.#generation, call);
  }

  /** Uses the session now and then until it is disposed. A failure is left to the next call, which tells of it. */
  keepAlive(timer: Timer, everyMs: number): void {
    const { signal } = this.#closing;
    const beat = async (): Promise<never> => {
      for (;;) {
        await timer.sleep(everyMs, signal);
        await this.#send('CurrentTime', SERVICE_INSTANCE, [], { signal }).catch(() => undefined);
      }
    };
    // ends with ABORTED when the session is disposed
    beat().catch(() => undefined);
  }

  readonly invoke: VimInvoke = (method, target, fields, call) =>
    this.inOneSession(async (invoke) => invoke(method, target, fields, call), call);

  async inOneSession<T>(run: (invoke: VimInvoke) => Promise<T>, call?: Call): Promise<T> {
    const generation = this.#generation;
    try {
      return await this.#attempt(run, call);
    } catch (error) {
      if (!isFault(error, 'NotAuthenticated')) throw error;
      this.#throwIfClosed();
      await this.#logInAfter(generation);
      return this.#attempt(run, call);
    }
  }

  async inAutomation<T>(run: (ask: AutomationAsk) => Promise<T>, call?: Call): Promise<T> {
    this.#throwIfClosed();
    const { apiVersion } = this.content.about;
    const server = { channel: this.#channel, ...this.#account, apiVersion, redact: this.redact };
    return inAutomationSession(server, run, call);
  }

  fetchRange(range: FileRange, call?: Call): Promise<RangeAnswer> {
    return this.#inSession((cookie) => this.#channel.fetchRange({ ...range, cookie }, call));
  }

  async fetchFromHost(range: HostRange, call?: Call): Promise<RangeAnswer> {
    this.#throwIfClosed();
    return this.#channel.fetchRange(range, call);
  }

  openStream(stream: StreamRequest, call?: Call): Promise<StreamAnswer> {
    return this.#inSession((cookie) => this.#channel.openStream({ ...stream, cookie }, call));
  }

  async transfer(file: FileTransfer, call?: Call): Promise<TransferAnswer> {
    this.#throwIfClosed();
    return this.#channel.transfer({ ...file, cookie: this.#cookie }, call);
  }

  readonly redact = (text: string): string => {
    const password = this.#account.password.reveal();
    return password === '' ? text : text.replaceAll(password, '[redacted]');
  };

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    const call = { signal: AbortSignal.timeout(LOGOUT_MS) };
    // a session that has ended already is as good
    if (this.#cookie !== undefined && this.#content !== undefined)
      await this.#send('Logout', this.#content.sessionManager, [], call).catch(() => undefined);
    await this.#channel[Symbol.asyncDispose]();
  }

  /** Speaks in the session of now to the end: what was made in it is not known in one that is opened meanwhile. */
  async #attempt<T>(run: (invoke: VimInvoke) => Promise<T>, call: Call | undefined): Promise<T> {
    this.#throwIfClosed();
    const cookie = this.#cookie;
    return run((method, target, fields = [], own = call) => this.#send(method, target, fields, own, cookie));
  }

  /** Asks with the session, and once more with a new one when the server does not know it any more. */
  async #inSession<T extends { readonly status: number }>(
    ask: (cookie: string | undefined) => Promise<T>,
  ): Promise<T> {
    this.#throwIfClosed();
    const generation = this.#generation;
    const first = await ask(this.#cookie);
    if (first.status !== 401) return first;
    this.#throwIfClosed();
    await this.#logInAfter(generation);
    return ask(this.#cookie);
  }

  #throwIfClosed(): void {
    if (!this.#closing.signal.aborted) return;
    throw new SendenseError('NOT_OPEN', 'the session was closed', { operation: 'vim-call' });
  }

  /** Logs in unless somebody did since `generation`; many callers at once share one login. */
  async #logInAfter(generation: number, call?: Call): Promise<void> {
    if (this.#generation > generation) return;
    this.#login ??= this.#logIn(call).finally(() => {
      this.#login = undefined;
    });
    await this.#login;
  }

  async #logIn(call?: Call): Promise<void> {
    const { user, password } = this.#account;
    const fields: VimField[] = [
      ['userName', user],
      ['password', password.reveal()],
    ];
    const answer = await this.#ask('Login', this.content.sessionManager, fields, call, undefined);
    this.#responseOf(answer, 'Login');
    // what other replies bring may be the session of nobody
    if (answer.cookie === undefined) {
      throw new SendenseError('PROTOCOL_VIOLATION', `${this.#account.host} gives no session`, {
        operation: 'vim-Login',
        remedy: 'check that no proxy removes the cookies of the server',
      });
    }
    this.#cookie = answer.cookie;
    this.#generation += 1;
  }

  async #send(
    method: string,
    target: ManagedObject,
    fields: readonly VimField[],
    call?: Call,
    cookie: string | undefined = this.#cookie,
  ): Promise<XmlElement> {
    return this.#responseOf(await this.#ask(method, target, fields, call, cookie), method);
  }

  async #ask(
    method: string,
    target: ManagedObject,
    fields: readonly VimField[],
    call: Call | undefined,
    cookie: string | undefined,
  ): Promise<SoapAnswer> {
    const version = this.#content?.about.apiVersion || FIRST_VERSION;
    const body = encodeRequest(method, target, fields);
    return this.#channel.send({ method, body, action: `urn:vim25/${version}`, cookie }, call);
  }

  #responseOf({ status, text }: SoapAnswer, method: string): XmlElement {
    const failed = { method, host: this.#account.host, redact: this.redact };
    // faults come with status 500; every other status is not of the API
    if (status !== 200 && status !== 500) throw mapStatus(status, failed);
    const reply = this.#decode(text, status, method);
    if (reply.kind === 'result') return reply.response;
    throw mapFault(reply.fault, failed);
  }

  #decode(text: string, status: number, method: string): VimReply {
    try {
      return decodeReply(text, method);
    } catch (error) {
      // a proxy answers with a page of its own
      if (status === 500) throw mapStatus(status, { method, host: this.#account.host });
      // the server may have done what it then told badly
      throw SendenseError.is(error) ? amendError(error, { effect: 'unknown' }) : error;
    }
  }
}
