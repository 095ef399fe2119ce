import { isIP } from 'node:net';
import { type Clock, systemClock } from '@sendense/core';

const WINDOW_MS = 60_000;
/** How many networks are counted at once; the one that failed longest ago is forgotten first. */
const MAX_NETWORKS = 10_000;

type Count = { readonly sinceMs: number; failures: number };

/**
 * Counts refused credentials by the network they come from. Only what is refused anyway is limited: right credentials pass, so that
 * nobody can lock others out who come through the same proxy. Its memory is bounded.
 */
export class FailedLogins {
  readonly #perMinute: number;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  /** In the order of the last failure. */
  readonly #counts = new Map<string, Count>();

  constructor(perMinute: number, clock: Pick<Clock, 'monotonicMs'> = systemClock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Counts a failure from `address`; gives how long until others count anew when it is one too many, else `undefined`. */
  fail(address: string): number | undefined {
    const nowMs = this.#clock.monotonicMs();
    const network = networkOf(address);
    const known = this.#counts.get(network);
    const count =
      known !== undefined && nowMs - known.sinceMs < WINDOW_MS ? known : { sinceMs: nowMs, failures: 0 };
    count.failures += 1;
    this.#counts.delete(network);
    this.#counts.set(network, count);
    this.#forgetOldest();
    return count.failures > this.#perMinute ? count.sinceMs + WINDOW_MS - nowMs : undefined;
  }

  /** How many networks are counted now. */
  get size(): number {
    return this.#counts.size;
  }

  #forgetOldest(): void {
    if (this.#counts.size <= MAX_NETWORKS) return;
    const [oldest] = this.#counts.keys();
    if (oldest !== undefined) this.#counts.delete(oldest);
  }
}

/** What one party has of addresses: an IPv4 address, or the /64 of an IPv6 address, which a single machine may have to itself. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: Math.max(zeros, 0) }, () => '0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
