/** Upper bounds of the buckets, in seconds. */
export const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** Which requests are counted together: a route's pattern, never what a client wrote, so that there are few. */
export type RequestLabels = { readonly method: string; readonly route: string; readonly status: string };

/** Requests of the same labels. */
export type RequestCount = {
  readonly labels: RequestLabels;
  /** Requests in each of {@link BUCKETS} alone, and in one more for those that took longer. */
  readonly buckets: number[];
  count: number;
  seconds: number;
};

/** How many requests there were, and how long they took. */
export class RequestTimes {
  readonly #counts = new Map<string, RequestCount>();

  observe(labels: RequestLabels, seconds: number): void {
    const key = `${labels.method} ${labels.route} ${labels.status}`;
    const known = this.#counts.get(key) ?? newCount(labels);
    this.#counts.set(key, known);
    known.count += 1;
    known.seconds += seconds;
    const index = BUCKETS.findIndex((bound) => seconds <= bound);
    const bucket = index < 0 ? BUCKETS.length : index;
    known.buckets[bucket] = (known.buckets[bucket] ?? 0) + 1;
  }

  get counts(): readonly RequestCount[] {
    return [...this.#counts.values()];
  }
}

function newCount(labels: RequestLabels): RequestCount {
  return { labels, buckets: BUCKETS.map(() => 0).concat(0), count: 0, seconds: 0 };
}
