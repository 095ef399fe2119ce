import { systemTimer, type Timer } from '@sendense/plugin-kit';
import { networkOf } from '../access/failed-logins.ts';
import type { AuditEntry, AuditLog, RefusalCount } from './audit-log.ts';

/** Refusals of one caller that come within it are counted. */
const WINDOW_MS = 60_000;
/** How many callers are counted at once; the count that began first ends before its time. */
const MAX_CALLERS = 1_000;

type Count = Omit<RefusalCount, 'refused'> & { readonly refused: Map<string, number> };

/**
 * Notes requests that were refused: the first of a caller – a principal, or the network of one who is nobody – as it is, what follows
 * within a minute as one line of counts. So nobody can fill the log with what he may not do, until what was done is rotated out of it.
 */
export class Refusals implements AsyncDisposable {
  readonly #log: Pick<AuditLog, 'record'>;
  readonly #timer: Timer;
  /** In the order in which they began. */
  readonly #counts = new Map<string, Count>();
  readonly #closed = new AbortController();
  readonly #ending = new Set<Promise<void>>();

  constructor(log: Pick<AuditLog, 'record'>, timer: Timer = systemTimer) {
    this.#log = log;
    this.#timer = timer;
  }

  /** Notes a refusal. Rejects as `AuditLog.record` does. */
  async note(entry: AuditEntry, since: Date): Promise<void> {
    const caller = entry.principal ?? networkOf(entry.address);
    const count = this.#counts.get(caller);
    if (count === undefined) {
      this.#begin(caller, entry, since);
      await this.#log.record(entry);
      return;
    }
    const what = `${entry.status} ${entry.method} ${entry.route}`;
    count.refused.set(what, (count.refused.get(what) ?? 0) + 1);
  }

  /** Writes what was counted. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await Promise.all(this.#ending);
  }

  #begin(caller: string, { principal, tenant, address }: AuditEntry, since: Date): void {
    const [oldest] = this.#counts.keys();
    if (oldest !== undefined && this.#counts.size >= MAX_CALLERS) this.#keep(this.#end(oldest));
    const network = networkOf(address);
    const count: Count = { event: 'refused', since, principal, tenant, address: network, refused: new Map() };
    this.#counts.set(caller, count);
    const over = this.#timer.sleep(WINDOW_MS, this.#closed.signal).catch(() => undefined); // the end comes earlier
    this.#keep(over.then(() => (this.#counts.get(caller) === count ? this.#end(caller) : undefined)));
  }

  async #end(caller: string): Promise<void> {
    const count = this.#counts.get(caller);
    this.#counts.delete(caller);
    if (count === undefined || count.refused.size === 0) return;
    // the log has told that it cannot be written, and will tell of the gap
    await this.#log.record({ ...count, refused: Object.fromEntries(count.refused) }).catch(() => undefined);
  }

  #keep(ending: Promise<void>): void {
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }
}
