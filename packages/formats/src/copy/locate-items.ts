import type { BlockEndpoint } from '@sendense/core';
import { type BlockReader, type Call, type Extent, type LocatedRange, SendenseError } from '@sendense/core';
import type { CopyItem } from './copy-items.ts';

/** Read through the loop where something has no plain location, before that is asked again. */
const LOOP_BYTES = 1024 * 1024;

/** What {@link locateItems} looks at. */
export type LocateRequest = {
  readonly locate: NonNullable<BlockReader['locate']>;
  /** Whether the driver of the copy can read there. */
  readonly isReachable: (endpoint: BlockEndpoint) => boolean;
  readonly clusterBytes: number;
};

/**
 * Says of a data extent, cluster by cluster, how its bytes get to an image: by a driver where all of a cluster lies together
 * at an endpoint, as zeros where it is proven to hold none, else through the loop.
 */
export async function* locateItems(
  request: LocateRequest,
  extent: Extent,
  call: Call,
): AsyncGenerator<CopyItem> {
  const end = extent.offset + extent.length;
  for (let at = extent.offset; at < end; ) {
    const walk = new ClusterWalk(request, at, end);
    try {
      for await (const range of request.locate({ offset: at, length: end - at }, call))
        yield* walk.pass(range);
      yield* walk.loopUntil(end);
      at = end;
    } catch (error) {
      // compressed clusters have no plain location
      if (!SendenseError.is(error, 'UNSUPPORTED')) throw error;
      at = Math.min(end, walk.settled + LOOP_BYTES);
      yield* walk.loopUntil(at);
    }
  }
}

/** Brings located ranges onto the grid of clusters. */
class ClusterWalk {
  readonly #request: LocateRequest;
  readonly #end: number;
  /** Up to where it is said what happens. */
  settled: number;

  constructor(request: LocateRequest, at: number, end: number) {
    this.#request = request;
    this.#end = end;
    this.settled = at;
  }

  *pass({ offset, length, at }: LocatedRange): Generator<CopyItem> {
    const { clusterBytes, isReachable } = this.#request;
    if (at !== 'zero' && !isReachable(at.endpoint)) return;
    const first = Math.ceil(offset / clusterBytes) * clusterBytes;
    const end = Math.min(offset + length, this.#end);
    const until = end - (end % clusterBytes);
    if (until <= first) return;
    yield* this.loopUntil(first);
    const range = { offset: first, length: until - first };
    if (at === 'zero') yield { ...range, kind: 'zero' };
    else yield { ...range, kind: 'data', from: at.endpoint, source: at.offset + first - offset };
    this.settled = until;
  }

  /** Leaves what is not settled before `end` to the loop. */
  *loopUntil(end: number): Generator<CopyItem> {
    if (end > this.settled) yield { offset: this.settled, length: end - this.settled, kind: 'loop' };
    this.settled = Math.max(this.settled, end);
  }
}
