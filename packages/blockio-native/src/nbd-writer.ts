import {
  type BlockEndpoint,
  type BlockLimits,
  type BlockWriter,
  type Call,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import { type ChangeRunner, stopAtFailure } from '@sendense/plugin-kit';
import { ChangesUnderWay, leftError, runAbandonable } from '@sendense/plugin-kit/nbd';
import type { Fallible } from './addon.ts';
import { nbdLimits } from './limits.ts';
import { mapFailure } from './map-error.ts';
import { subjectOf } from './nbd-address.ts';
import type { OpenClient } from './open-client.ts';

/** How much one call makes zero at most, so that an abort is heard in between. */
const ZERO_BYTES = 1024 * 1024 * 1024;

function refuse(code: 'READ_ONLY' | 'UNSUPPORTED', message: string, remedy: string): never {
  throw new SendenseError(code, message, { operation: 'open-writer', remedy });
}

/**
 * Writes an export in place. A call that is aborted settles when the server has answered, so that nothing is written later.
 * A server that does not answer in time is left, and with it everything else under way. Disposing waits for its answers as long.
 */
export class NbdWriter implements BlockWriter {
  readonly sizeBytes: number;
  readonly limits: BlockLimits;
  readonly rewritable = true;
  readonly untouched = 'unknown';
  /** There is one only where a flush of this writer counts for the writes of other connections. */
  readonly endpoint?: () => Promise<BlockEndpoint>;
  readonly #to: OpenClient;
  readonly #change: ChangeRunner;
  readonly #underWay: ChangesUnderWay;

  /** Throws `READ_ONLY` for a read-only export, and `UNSUPPORTED` for a server that cannot make writes durable. */
  constructor(to: OpenClient) {
    const { client, endpoint } = to;
    const subject = subjectOf(endpoint);
    if (client.readOnly)
      refuse('READ_ONLY', `${subject} is read-only`, 'export it writable, or choose another destination');
    if (!client.durable)
      refuse('UNSUPPORTED', `${subject} cannot make writes durable`, 'use a server that offers flush');
    this.#to = to;
    this.sizeBytes = client.size;
    this.limits = nbdLimits(client.alignment);
    this.#change = stopAtFailure(subject);
    this.#underWay = new ChangesUnderWay(subject);
    if (client.shared) this.endpoint = async () => endpoint;
  }

  async write(offset: number, data: Uint8Array, call?: Call): Promise<void> {
    await this.#step('write-blocks', call, () => this.#to.client.write(offset, data));
  }

  async zero(offset: number, length: number, call?: Call): Promise<void> {
    const end = offset + length;
    for (let at = offset; at < end; at += ZERO_BYTES) {
      const step = Math.min(ZERO_BYTES, end - at);
      await this.#step('zero-blocks', call, () => this.#to.client.zero(at, step));
    }
  }

  async flush(call?: Call): Promise<void> {
    await this.#step('flush-blocks', call, () => this.#to.client.flush());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#underWay.end(this.#to.options.abortTimeoutMs);
    this.#to.client.close();
  }

  #step(operation: string, call: Call | undefined, run: () => Promise<Fallible>): Promise<void> {
    return this.#change(operation, async () => {
      const signal = call?.signal;
      throwIfAborted(signal, operation);
      const { client, endpoint, options } = this.#to;
      const subject = subjectOf(endpoint);
      const change = async (): Promise<void> => {
        const { failure } = await run();
        // what is under way fails so when the client is closed
        if (failure?.cause === 'aborted') throw leftError(operation, subject);
        if (failure !== undefined) throw mapFailure(failure, { operation, endpoint, signal });
      };
      const [timeoutMs, abandon] = [options.abortTimeoutMs, () => client.close()];
      await this.#underWay.run(operation, () =>
        runAbandonable(change, { operation, subject, signal, timeoutMs, abandon }),
      );
    });
  }
}
