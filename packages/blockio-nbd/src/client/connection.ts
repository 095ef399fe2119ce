import type { Socket } from 'node:net';
import { amendError, SendenseError } from '@sendense/core';
import { mapRequestError, mapSocketError } from '@sendense/plugin-kit/nbd';
import { Command, CommandFlag, encodeRequest, NbdErrno, type NbdRequest } from '../protocol/index.ts';
import type { Session } from './handshake/negotiate.ts';
import { PendingRequest, type RequestOutcome, type RequestResult } from './replies/pending-request.ts';
import { ReplyStream } from './replies/reply-stream.ts';
import { closeSocket } from './sockets/close-socket.ts';
import type { ReleasedSocket } from './sockets/socket-channel.ts';

/** A request without its cookie, with the buffer that it sends or fills. */
export type Asked = Omit<NbdRequest, 'cookie'> & {
  /** Verb-noun for errors. */
  readonly operation: string;
  readonly data?: Uint8Array;
  readonly into?: Uint8Array;
};

/** What a connection is made of. */
export type ConnectionParts = {
  readonly session: Session;
  readonly subject: string;
  readonly idleTimeoutMs: number;
};

/** A request under way. After `abandon` its buffer is not touched any more; its answer is still awaited. */
export type Underway = { readonly result: Promise<RequestResult>; readonly abandon: () => void };

/** One connection in its transmission phase: requests go out as they come, answers are matched by their cookie. */
export class NbdConnection {
  readonly #socket: Socket;
  readonly #parts: ConnectionParts;
  readonly #pending = new Map<bigint, PendingRequest>();
  readonly #replies: ReplyStream;
  #cookie = 0n;
  #failure: SendenseError | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor({ socket, drain }: ReleasedSocket, parts: ConnectionParts) {
    const { sizeBytes, contexts, style } = parts.session;
    this.#socket = socket;
    this.#parts = parts;
    const names = new Map(contexts.map(({ id, name }) => [id, name]));
    this.#replies = new ReplyStream(style, this.#pending, { sizeBytes, contexts: names });
    socket.on('error', (error) => this.fail(this.#lost(error)));
    socket.on('close', () => this.fail(this.#lost(CLOSED)));
    socket.on('end', () => this.fail(this.#lost(CLOSED)));
    drain((bytes) => this.#receive(bytes));
  }

  /** Requests without an answer. */
  get load(): number {
    return this.#pending.size;
  }

  /** Whether requests can be sent. */
  get alive(): boolean {
    return this.#failure === undefined;
  }

  get session(): Session {
    return this.#parts.session;
  }

  /** Sends a request. Its result rejects by the server's error, or when the connection ends first. */
  send(asked: Asked): Underway {
    const { promise, resolve, reject } = Promise.withResolvers<RequestResult>();
    if (this.#failure !== undefined) {
      reject(this.#failure);
      return { result: promise, abandon: () => undefined };
    }
    const request = { ...asked, flags: this.#flags(asked), cookie: this.#cookie };
    this.#cookie += 1n;
    const settle = (outcome: RequestOutcome): void => {
      this.#answered();
      this.#settle(outcome, asked, resolve, reject);
    };
    const pending = new PendingRequest(request, asked.into, { settle, fail: reject });
    this.#pending.set(request.cookie, pending);
    this.#transmit(request, asked.data);
    return { result: promise, abandon: () => (pending.into = undefined) };
  }

  /** Ends the connection: politely when nothing is under way, else at once. */
  async close(): Promise<void> {
    const polite = this.alive && this.#pending.size === 0;
    if (polite) this.#transmit({ command: Command.disconnect, flags: 0, cookie: 0n, offset: 0, length: 0 });
    this.fail(
      new SendenseError('NOT_OPEN', `${this.#parts.subject} was closed`, { operation: 'talk-nbd' }),
      polite,
    );
    await closeSocket(this.#socket, polite);
  }

  /** Rejects everything under way and to come. Only the first failure counts. */
  fail(error: SendenseError, keepSocket = false): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#stopClock();
    for (const pending of this.#pending.values()) pending.fail(error);
    this.#pending.clear();
    if (!keepSocket) this.#socket.destroy();
  }

  #flags({ command, flags }: Asked): number {
    const long = command === Command.write && this.session.style === 'extended';
    return long ? flags | CommandFlag.payloadLength : flags;
  }

  #transmit(request: NbdRequest, data?: Uint8Array): void {
    const moved = (): void => void this.#idle?.refresh();
    this.#idle ??= setTimeout(() => this.#silent(), this.#parts.idleTimeoutMs);
    this.#socket.cork();
    this.#socket.write(encodeRequest(request, this.session.style), moved);
    if (data !== undefined) this.#socket.write(data, moved);
    this.#socket.uncork();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#failure !== undefined) return;
    this.#idle?.refresh();
    try {
      this.#replies.push(bytes);
    } catch (error) {
      this.fail(this.#named(error));
    }
  }

  /** The clock of silence runs only while an answer is due. */
  #answered(): void {
    if (this.#pending.size === 0) this.#stopClock();
  }

  /** A cleared timer that is refreshed would run again, so it is forgotten. */
  #stopClock(): void {
    clearTimeout(this.#idle);
    this.#idle = undefined;
  }

  #settle(
    outcome: RequestOutcome,
    { operation, offset, length }: Asked,
    resolve: (result: RequestResult) => void,
    reject: (error: SendenseError) => void,
  ): void {
    if (outcome.ok) {
      resolve(outcome.result);
      return;
    }
    const { errno, message } = outcome.error;
    const failed = { operation, subject: this.#parts.subject, message, range: { offset, length } };
    const error = mapRequestError(errno, failed);
    reject(error);
    // the protocol asks clients to leave a server that is shutting down
    if (errno === NbdErrno.ESHUTDOWN) this.fail(error);
  }

  #silent(): void {
    const { subject, idleTimeoutMs } = this.#parts;
    this.fail(
      new SendenseError('TIMEOUT', `${subject} sent nothing for ${idleTimeoutMs} ms but owes answers`, {
        operation: 'talk-nbd',
        effect: 'unknown',
        context: { idleTimeoutMs, requests: this.#pending.size },
        remedy: 'check the server and the network, then repeat',
      }),
    );
  }

  /** The end of the connection; whether the server still did what it was asked is not known. */
  #lost(error: Error): SendenseError {
    const { code, message, context, remedy = '' } = mapSocketError(error, 'talk-nbd', this.#parts.subject);
    return new SendenseError(code, message, {
      operation: 'talk-nbd',
      effect: 'unknown',
      cause: error,
      context,
      remedy,
    });
  }

  #named(error: unknown): SendenseError {
    const { subject } = this.#parts;
    if (!SendenseError.is(error)) return mapSocketError(error, 'talk-nbd', subject);
    return amendError(error, { message: `${subject}: ${error.message}` });
  }
}

/** What a socket that is closed without an error would say. */
const CLOSED = Object.assign(new Error('closed by the server'), { code: 'ECONNRESET' });
