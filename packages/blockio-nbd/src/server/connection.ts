import type { Duplex } from 'node:stream';
import { type LogSink, SendenseError } from '@sendense/core';
import { Budget } from '@sendense/plugin-kit';
import type { ExportTable } from './exports/export-table.ts';
import type { OpenExport } from './exports/open-export.ts';
import { shakeHands } from './handshake/handshake.ts';
import type { Negotiation } from './handshake/negotiation.ts';
import { IdleWatch } from './idle-watch.ts';
import type { NbdServerLimits, NbdServerTls } from './server-options.ts';
import { ClientStream } from './stream/client-stream.ts';
import { codeOf } from './transmission/errno-of.ts';
import { serveRequests } from './transmission/serve-requests.ts';

/** What the connections of a server share. */
export type ServerContext = {
  readonly exports: ExportTable;
  readonly tls: NbdServerTls | undefined;
  readonly limits: NbdServerLimits;
  /** Bytes in flight of all connections. */
  readonly bytes: Budget;
  readonly log: LogSink;
};

/** One client from its arrival to its end. */
export class Connection {
  /** Resolves when the client is gone and nothing of it is under way. Never rejects. */
  readonly ended: Promise<void>;
  readonly #context: ServerContext;
  readonly #stream: ClientStream;
  #serving = false;

  constructor(stream: Duplex, context: ServerContext) {
    this.#context = context;
    this.#stream = new ClientStream(stream, context.limits.messageTimeoutMs);
    this.ended = this.#run();
  }

  /** Takes no more requests, answers those under way for a while, then hangs up. Resolves as `ended` does. */
  async leave(): Promise<void> {
    if (!this.#serving) this.#stream.cut();
    this.#stream.stopReading();
    const patience = setTimeout(() => this.#stream.cut(), this.#context.limits.stopTimeoutMs);
    await this.ended;
    clearTimeout(patience);
  }

  async #run(): Promise<void> {
    try {
      const negotiation = this.#begin();
      const entry = await this.#handshake(negotiation);
      if (entry !== undefined) await this.#serve(entry, negotiation);
      if (this.#stream.failure !== undefined) throw this.#stream.failure;
      await this.#stream.end();
    } catch (error) {
      this.#report(error);
      this.#stream.cut();
    }
  }

  #begin(): Negotiation {
    const { exports, tls } = this.#context;
    return {
      stream: this.#stream,
      exports,
      tls,
      secure: false,
      style: 'simple',
      noZeroes: false,
      selected: undefined,
    };
  }

  async #handshake(negotiation: Negotiation): Promise<OpenExport | undefined> {
    const { handshakeTimeoutMs } = this.#context.limits;
    const slow = () => this.#cutLate(`the client entered no export within ${handshakeTimeoutMs} ms`);
    const patience = setTimeout(slow, handshakeTimeoutMs);
    try {
      return await shakeHands(negotiation);
    } finally {
      clearTimeout(patience);
    }
  }

  async #serve(entry: OpenExport, { style, selected }: Negotiation): Promise<void> {
    const { limits, bytes, log, exports } = this.#context;
    // Removed while the last reply of the handshake was on its way.
    if (exports.get(entry.name) !== entry) return;
    const leave = () => this.leave();
    entry.users.add(leave);
    this.#serving = true;
    try {
      await serveRequests({
        stream: this.#stream,
        entry,
        style,
        contexts: selected?.exportName === entry.name ? selected.contexts : [],
        requests: new Budget(limits.maxRequests),
        ownBytes: new Budget(limits.connectionBytes),
        allBytes: bytes,
        idle: new IdleWatch(limits.idleTimeoutMs, () => this.#cutIdle()),
        log,
      });
    } finally {
      entry.users.delete(leave);
    }
  }

  #cutIdle(): void {
    this.#cutLate(`the client asked for nothing within ${this.#context.limits.idleTimeoutMs} ms`);
  }

  #cutLate(message: string): void {
    this.#stream.cut(new SendenseError('TIMEOUT', message, { operation: 'serve-nbd' }));
  }

  /** Clients that vanish are everyday life; those that break the protocol or are too slow are worth a look. */
  #report(error: unknown): void {
    const code = codeOf(error);
    this.#context.log({
      level: code === 'CONNECTION_LOST' ? 'debug' : 'warn',
      message: `client cut off: ${error instanceof Error ? error.message : String(error)}`,
      fields: { code },
    });
  }
}
