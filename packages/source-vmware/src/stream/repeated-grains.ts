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
const WAIT_MS = 2_000;

/** The grains of a disk. A stream that breaks is opened again, and what was had of it left out. */
export async function* repeatedGrains(source: GrainSource): AsyncGenerator<Grain, void, undefined> {
  let from = 0;
  for (let failed = 0; ; ) {
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
      if (!SendenseError.is(error) || error.retry !== 'later' || failed >= ATTEMPTS) throw error;
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
