import type { Socket } from 'node:net';
import { abortedError, type Call, type Json, SendenseError, throwIfAborted } from '@sendense/core';
import { mapQmpFailure } from '../map-error.ts';
import { notQmp, parseMessage, type QmpMessage } from './parse-message.ts';
import type { QmpClient, QmpEvent } from './qmp-client.ts';
import { LineSplitter } from './split-lines.ts';

type Pending = { readonly command: string; resolve(value: Json): void; reject(error: unknown): void };

/** Times and the name of a session. */
export type SessionOptions = {
  /** Where the monitor is, for messages. */
  readonly place: string;
  /** The longest wait for the answer of a command. */
  readonly commandTimeoutMs: number;
};

function connectionLost(place: string, cause?: unknown): SendenseError {
  return new SendenseError('CONNECTION_LOST', `QEMU closed its monitor ${place}`, {
    operation: 'use-qmp',
    effect: 'unknown',
    remedy: 'check whether the machine still runs',
    cause,
  });
}

/** A QMP session on a connected socket. It begins with the greeting; `ready` tells when it came. */
export class QmpSession implements QmpClient {
  readonly #socket: Socket;
  readonly #options: SessionOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  readonly #greeting = Promise.withResolvers<readonly [number, number, number]>();
  readonly #closed = Promise.withResolvers<void>();
  #version: readonly [number, number, number] = [0, 0, 0];
  #nextId = 1;
  #end: SendenseError | undefined;

  constructor(socket: Socket, options: SessionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#greeting.promise.catch(() => undefined); // told to whoever asks
    const splitter = new LineSplitter();
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of splitter.push(chunk)) this.#take(parseMessage(line));
      } catch (error) {
        this.#fail(SendenseError.is(error) ? error : notQmp(`something unreadable: ${String(error)}`));
      }
    });
    socket.on('error', (error) => this.#fail(connectionLost(options.place, error)));
    socket.on('close', () => {
      this.#fail(connectionLost(options.place));
      this.#closed.resolve();
    });
  }

  get version(): readonly [number, number, number] {
    return this.#version;
  }

  /** Resolves when the greeting came. Rejects as `execute` does. */
  async ready(): Promise<void> {
    this.#version = await this.#greeting.promise;
  }

  async execute(command: string, args: { readonly [key: string]: Json } = {}, call?: Call): Promise<Json> {
    throwIfAborted(call?.signal, command);
    if (this.#end !== undefined) throw this.#end;
    const id = this.#nextId++;
    const answer = Promise.withResolvers<Json>();
    const { commandTimeoutMs, place } = this.#options;
    const give = (error: SendenseError) => {
      // the answer may still come; it is then nobody's
      this.#pending.set(id, { command, resolve: () => undefined, reject: () => undefined });
      answer.reject(error);
    };
    const timer = setTimeout(() => give(timedOut(command, place, commandTimeoutMs)), commandTimeoutMs);
    const onAbort = () => give(abortedError(command, call?.signal, undefined, 'unknown'));
    call?.signal?.addEventListener('abort', onAbort, { once: true });
    this.#pending.set(id, { command, ...answer });
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    try {
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      call?.signal?.removeEventListener('abort', onAbort);
    }
  }

  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(
      new SendenseError('NOT_OPEN', `the session with ${this.#options.place} was closed`, {
        operation: 'use-qmp',
      }),
    );
    await this.#closed.promise;
  }

  #take(message: QmpMessage): void {
    if (message.kind === 'greeting') this.#greeting.resolve(message.version);
    else if (message.kind === 'event') for (const listener of this.#listeners) listener(message.event);
    else {
      const pending = typeof message.id === 'number' ? this.#pending.get(message.id) : undefined;
      if (pending === undefined) throw notQmp('an answer that nobody waits for');
      this.#pending.delete(Number(message.id));
      if (message.kind === 'return') pending.resolve(message.value);
      else pending.reject(mapQmpFailure(message.failure, pending.command));
    }
  }

  /** Ends the session once and for all; whatever waits is told why. */
  #fail(error: SendenseError): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    this.#greeting.reject(error);
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
    this.#listeners.clear();
    this.#socket.destroy();
  }
}

function timedOut(command: string, place: string, afterMs: number): SendenseError {
  return new SendenseError('TIMEOUT', `QEMU did not answer ${command} on ${place} within ${afterMs} ms`, {
    operation: command,
    effect: 'unknown',
    remedy: 'check whether the machine or its storage hangs',
  });
}
