import { type ByteRange, type Call, checkRange, SendenseError } from '@sendense/core';
import { ChangesUnderWay, leftError, runAbandonable } from '@sendense/plugin-kit/nbd';
import { type BlockSizes, Command, CommandFlag, ExportFlag } from '../protocol/index.ts';
import type { Asked } from './connection.ts';
import { type AbortPolicy, type ConnectionPool, REQUESTS_PER_CONNECTION } from './connection-pool.ts';
import { exportLimits } from './export-limits.ts';
import type {
  ChangeOptions,
  ContextNames,
  JointRun,
  NbdExport,
  StatusRun,
  ZeroOptions,
} from './nbd-export.ts';
import { pieceBytes, runPieces } from './run-pieces.ts';
import { statusRuns } from './status-runs.ts';

/** Bytes of one read or write: more than a round trip costs, little enough to spread over connections. */
const REQUEST_BYTES = 512 * 1024;
/** Length of one request that carries no data; servers do these at once, but some write zeros for them. */
const EFFECT_BYTES = 128 * 1024 * 1024;

/** What is shared by the pieces of a call. */
type Piecewise = Pick<Asked, 'command' | 'flags' | 'operation'> & {
  readonly maxBytes: number;
  readonly policy: AbortPolicy;
  readonly data?: Uint8Array;
  readonly into?: Uint8Array;
};

/** An export over the connections of a pool. */
export class RemoteExport implements NbdExport {
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  readonly limits: BlockSizes;
  readonly contexts: readonly string[];
  readonly multiConn: boolean;
  readonly offers: NbdExport['offers'];
  readonly #pool: ConnectionPool;
  readonly #subject: string;
  readonly #abortTimeoutMs: number;
  readonly #underWay: ChangesUnderWay;
  readonly #payloadBytes: number;
  readonly #effectBytes: number;

  /** @param how - the export as a person names it; the longest wait for answers to changes that are aborted, or under way when it closes */
  constructor(pool: ConnectionPool, how: { readonly subject: string; readonly abortTimeoutMs: number }) {
    const { session } = pool.first;
    const has = (flag: number): boolean => (session.flags & flag) !== 0;
    this.#pool = pool;
    this.#subject = how.subject;
    this.#abortTimeoutMs = how.abortTimeoutMs;
    this.#underWay = new ChangesUnderWay(how.subject);
    this.sizeBytes = session.sizeBytes;
    this.readOnly = has(ExportFlag.readOnly);
    this.limits = exportLimits(session.blockSizes);
    this.contexts = session.contexts.map(({ name }) => name);
    this.multiConn = has(ExportFlag.multiConnection);
    this.offers = {
      zero: has(ExportFlag.writeZeroes),
      fastZero: has(ExportFlag.fastZero),
      trim: has(ExportFlag.trim),
      cache: has(ExportFlag.cache),
      flush: has(ExportFlag.flush),
      fua: has(ExportFlag.fua),
    };
    const { minBytes, preferredBytes, maxBytes } = this.limits;
    const unit = preferredBytes <= Math.min(maxBytes, REQUEST_BYTES) ? preferredBytes : minBytes;
    this.#payloadBytes = pieceBytes(Math.min(maxBytes, REQUEST_BYTES), unit);
    this.#effectBytes = pieceBytes(EFFECT_BYTES, unit);
  }

  read(offset: number, into: Uint8Array, call?: Call): Promise<void> {
    const maxBytes = this.#payloadBytes;
    const how = { command: Command.read, flags: 0, operation: 'read-blocks', into, maxBytes } as const;
    return this.#run({ offset, length: into.byteLength }, { ...how, policy: 'at-once' }, call);
  }

  async write(offset: number, data: Uint8Array, options: ChangeOptions = {}): Promise<void> {
    const how = { command: Command.write, operation: 'write-blocks', data, maxBytes: this.#payloadBytes };
    await this.#change({ offset, length: data.byteLength }, { ...how, flags: 0 }, options);
  }

  async zero(offset: number, length: number, options: ZeroOptions = {}): Promise<void> {
    const { noHole = false, fast = false } = options;
    if (fast && !this.offers.fastZero)
      throw this.#unsupported('zeroing that is known to be fast', 'zero-blocks');
    const how = { operation: 'zero-blocks', maxBytes: this.#effectBytes };
    if (!this.offers.zero) {
      const data = new Uint8Array(Math.min(length, this.#payloadBytes));
      const writing = { ...how, command: Command.write, flags: 0, data, maxBytes: this.#payloadBytes };
      await this.#change({ offset, length }, writing, options);
      return;
    }
    const flags = (noHole ? CommandFlag.noHole : 0) | (fast ? CommandFlag.fastZero : 0);
    await this.#change({ offset, length }, { ...how, command: Command.writeZeroes, flags }, options);
  }

  async trim(offset: number, length: number, options: ChangeOptions = {}): Promise<void> {
    if (!this.offers.trim) throw this.#unsupported('trimming', 'trim-blocks');
    const how = { command: Command.trim, flags: 0, operation: 'trim-blocks', maxBytes: this.#effectBytes };
    await this.#change({ offset, length }, how, options);
  }

  async cache(offset: number, length: number, call?: Call): Promise<void> {
    if (!this.offers.cache) throw this.#unsupported('reading ahead', 'cache-blocks');
    const how = { command: Command.cache, flags: 0, operation: 'cache-blocks', maxBytes: this.#payloadBytes };
    await this.#run({ offset, length }, { ...how, policy: 'at-once' }, call);
  }

  async flush(call?: Call): Promise<void> {
    if (!this.offers.flush) throw this.#unsupported('flushing', 'flush-blocks');
    const request = { command: Command.flush, flags: 0, offset: 0, length: 0, operation: 'flush-blocks' };
    await this.#pool.request(request, 'at-once', call?.signal);
  }

  async *blockStatus(
    context: string,
    range: ByteRange,
    call?: Call,
  ): AsyncGenerator<StatusRun, void, undefined> {
    for await (const { flags, ...run } of this.jointStatus([context], range, call))
      yield { ...run, flags: flags[0] ?? 0 };
  }

  async *jointStatus(
    contexts: ContextNames,
    range: ByteRange,
    call?: Call,
  ): AsyncGenerator<JointRun, void, undefined> {
    checkRange(range, this.sizeBytes, 'block status');
    const { minBytes } = this.limits;
    yield* statusRuns(this.#pool, { contexts, range, minBytes, subject: this.#subject }, call);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#underWay.end(this.#abortTimeoutMs);
    await this.#pool.close();
  }

  /** A call that changes the disk; `durable` by the flag where the server knows it, else by a flush. */
  async #change(
    range: ByteRange,
    how: Omit<Piecewise, 'policy'>,
    { durable = false, signal }: ChangeOptions,
  ): Promise<void> {
    if (this.readOnly) {
      throw new SendenseError('READ_ONLY', `${this.#subject} is read-only`, {
        operation: how.operation,
        remedy: 'export it writable, or choose another destination',
      });
    }
    const flags = durable && this.offers.fua ? how.flags | CommandFlag.fua : how.flags;
    const call = signal === undefined ? undefined : { signal };
    const [subject, { operation }] = [this.#subject, how];
    const change = () =>
      runAbandonable(() => this.#run(range, { ...how, flags, policy: 'answered' }, call), {
        operation,
        subject,
        signal,
        timeoutMs: this.#abortTimeoutMs,
        abandon: () => this.#pool.fail(leftError(operation, subject)),
      });
    await this.#underWay.run(operation, change);
    if (durable && !this.offers.fua) await this.flush(call);
  }

  async #run(range: ByteRange, how: Piecewise, call: Call | undefined): Promise<void> {
    const { command, flags, operation, maxBytes, policy, data, into } = how;
    checkRange(range, this.sizeBytes, operation);
    const part = (buffer: Uint8Array, { offset, length }: ByteRange): Uint8Array =>
      // zeros that stand for a longer range are sent again and again
      buffer.byteLength < range.length
        ? buffer.subarray(0, length)
        : buffer.subarray(offset - range.offset, offset - range.offset + length);
    await runPieces(
      range,
      maxBytes,
      (piece, signal) => {
        const buffers = {
          ...(data === undefined ? {} : { data: part(data, piece) }),
          ...(into === undefined ? {} : { into: part(into, piece) }),
        };
        return this.#pool.request({ command, flags, operation, ...piece, ...buffers }, policy, signal);
      },
      { atOnce: this.#pool.size * REQUESTS_PER_CONNECTION, signal: call?.signal },
    );
  }

  #unsupported(what: string, operation: string): SendenseError {
    return new SendenseError('UNSUPPORTED', `${this.#subject} offers no ${what}`, {
      operation,
      remedy: 'see what the server offers in the property `offers`',
    });
  }
}
