import { abortedError, type SendenseError, throwIfAborted } from '@sendense/core';
import { type Limited, limitConcurrency } from '@sendense/plugin-kit';
import type { Asked, NbdConnection } from './connection.ts';
import type { RequestResult } from './replies/pending-request.ts';

/**
 * Requests under way on one connection. qemu serves 16 at once and nbdkit as many as it has threads; more only wait
 * there and hold memory here.
 */
export const REQUESTS_PER_CONNECTION = 16;

/** Which end of an aborted request is waited for. */
export type AbortPolicy =
  /** Rejects at once; what the server still sends for it is thrown away. */
  | 'at-once'
  /** Rejects when the server has answered, so that nothing changes after that, or when its connection fails. */
  | 'answered';

/** The connections of one export. A request goes to the one with the fewest answers due. */
export class ConnectionPool {
  readonly #connections: readonly [NbdConnection, ...NbdConnection[]];
  readonly #limited: Limited;

  constructor(connections: readonly [NbdConnection, ...NbdConnection[]]) {
    this.#connections = connections;
    this.#limited = limitConcurrency(connections.length * REQUESTS_PER_CONNECTION);
  }

  get first(): NbdConnection {
    return this.#connections[0];
  }

  get size(): number {
    return this.#connections.length;
  }

  /** Waits for its turn, sends the request and takes the answer. Rejects with `ABORTED` by `policy`. */
  request(asked: Asked, policy: AbortPolicy, signal?: AbortSignal): Promise<RequestResult> {
    return this.#limited(() => this.#requestNow(asked, policy, signal), signal);
  }

  /** Ends all connections at once: what is under way and to come rejects with `error`. */
  fail(error: SendenseError): void {
    for (const connection of this.#connections) connection.fail(error);
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }

  async #requestNow(
    asked: Asked,
    policy: AbortPolicy,
    signal: AbortSignal | undefined,
  ): Promise<RequestResult> {
    throwIfAborted(signal, asked.operation);
    const { result, abandon } = this.#leastLoaded().send(asked);
    if (signal === undefined || policy === 'answered') {
      const answer = await result;
      if (signal?.aborted === true) throw abortedError(asked.operation, signal, undefined, 'unknown');
      return answer;
    }
    return abortable(result, abandon, { operation: asked.operation, signal });
  }

  /** A dead connection takes part: who uses an export that lost one must learn of it. */
  #leastLoaded(): NbdConnection {
    let best = this.first;
    for (const connection of this.#connections) {
      if (!connection.alive) return connection;
      if (connection.load < best.load) best = connection;
    }
    return best;
  }
}

async function abortable<T>(
  result: Promise<T>,
  abandon: () => void,
  { operation, signal }: { readonly operation: string; readonly signal: AbortSignal },
): Promise<T> {
  const cancelled = Promise.withResolvers<never>();
  const abort = (): void => {
    abandon();
    cancelled.reject(abortedError(operation, signal));
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([result, cancelled.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
