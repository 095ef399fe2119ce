import { SendenseError } from '@sendense/core';
import type { Timer } from '@sendense/plugin-kit';
import { ByteFeed } from './byte-feed.ts';
import { type Grain, inflateGrains } from './inflate-grains.ts';
import { invalid } from './invalid-stream.ts';
import { readGrains } from './read-grains.ts';
import { readStreamHead } from './stream-head.ts';

/** Where the grains of a disk come from. */
export type GrainSource = {
  /** Opens the stream from its start: it has no ranges. */
  readonly open: () => Promise<AsyncIterable<Uint8Array>>;
  /** As the platform tells it. */
  readonly sizeBytes: number;
  readonly timer: Timer;
  /** Told before the stream is opened again. */
  readonly onRetry: (error: SendenseError) => void;
  /** Told when the stream was read to its end. */
  readonly onEnd: () => void;
};

/** Openings of a stream that give nothing new, one after another. */
const ATTEMPTS = 3;
/** All openings of one disk: each begins at its start, so a stream that breaks again and again costs as many whole disks. */
const MOST_OPENINGS = 16;
const WAIT_MS = 2_000;

/**
 * The grains of a disk. A stream that breaks is opened again, and what was had of it left out. Rejects with the error of the last
 * opening, when they give nothing new or are too many.
 */
export async function* repeatedGrains(source: GrainSource): AsyncGenerator<Grain, void, undefined> {
  let from = 0;
  for (let failed = 0, opened = 1; ; opened += 1) {
    try {
      for await (const grain of grainsFrom(source, from)) {
        from = grain.start + grain.data.byteLength;
        failed = 0;
        yield grain;
      }
      source.onEnd();
      return;
    } catch (error) {
      failed += 1;
      const isLast = failed >= ATTEMPTS || opened >= MOST_OPENINGS;
      if (!SendenseError.is(error) || error.retry !== 'later' || isLast) throw error;
      source.onRetry(error);
      await source.timer.sleep(WAIT_MS);
    }
  }
}

async function* grainsFrom(
  { open, sizeBytes }: GrainSource,
  from: number,
): AsyncGenerator<Grain, void, undefined> {
  const feed = new ByteFeed(await open());
  try {
    const head = await readStreamHead(feed);
    if (head.sizeBytes !== sizeBytes)
      throw invalid(`it is of a disk of ${head.sizeBytes} bytes, and the disk has ${sizeBytes}`);
    yield* inflateGrains(readGrains(feed, head, from), head);
  } finally {
    await feed.close();
  }
}
