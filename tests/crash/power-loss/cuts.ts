import { execFile } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { applyEntry, type LogEntry, readBlockLog } from './block-log.ts';
import { type Recording, withMountedImage } from './recorded-disk.ts';

const run = promisify(execFile);

/** One moment at which the power failed. */
export type Cut = {
  /** Everything recorded up to this log position had reached the disk or its cache. */
  readonly logOffset: number;
  /** Writes that were still in the disk's cache and lost. */
  readonly lostWrites: number;
};

/** Where to cut. */
export type CutOptions = {
  /** For images and mounts of the cuts. */
  readonly folder: string;
  readonly seed: number;
  /** The part of the writes between two flushes at which the power is cut too, 0 to 1. */
  readonly betweenFlushes: number;
  /** Log positions between which to cut; everywhere when not given. */
  readonly between?: { readonly after: number; readonly before: number };
};

/** A seeded generator (mulberry32): the same seed gives the same cuts. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/**
 * Replays a recording and cuts the power at every flush, and `betweenFlushes` of the time at a write between two
 * flushes: there the cached writes since the last flush survive or are lost one by one, at random, as a disk's volatile
 * cache allows. Calls `check` with the mounted file system of each cut; returns the number of cuts.
 */
export async function replayCuts(
  recording: Recording,
  options: CutOptions,
  check: (mountPoint: string, cut: Cut) => Promise<void>,
): Promise<number> {
  const random = seededRandom(options.seed);
  const { after, before } = options.between ?? {
    after: recording.startOffset,
    before: Number.MAX_SAFE_INTEGER,
  };
  const [durable, cutImage, mountPoint] = ['durable', 'cut', 'cut-mount'].map((name) =>
    join(options.folder, name),
  ) as [string, string, string];
  await mkdir(mountPoint, { recursive: true });
  const log = await open(recording.logPath, 'r');
  const image = await open(durable, 'w+');
  let cuts = 0;
  const cutHere = async (logOffset: number, survivors: readonly LogEntry[], lostWrites: number) => {
    await rm(cutImage, { force: true });
    await run('cp', ['--sparse=always', durable, cutImage]);
    const target = await open(cutImage, 'r+');
    for (const entry of survivors) await applyEntry(log, entry, target);
    await target.close();
    cuts += 1;
    await withMountedImage(cutImage, recording.fileSystem, mountPoint, (at) =>
      check(at, { logOffset, lostWrites }),
    );
  };
  try {
    await image.truncate(recording.diskBytes);
    let cached: LogEntry[] = [];
    for await (const entry of readBlockLog(log)) {
      if (entry.flush) {
        for (const write of cached) await applyEntry(log, write, image);
        cached = [];
      }
      if (entry.sectors > 0) cached.push(entry);
      if (entry.endOffset <= after) continue;
      if (entry.endOffset > before) break;
      if (entry.flush) await cutHere(entry.endOffset, [], 0);
      else if (random() < options.betweenFlushes) {
        const survivors = cached.filter((write) => write.fua || random() < 0.5);
        await cutHere(entry.endOffset, survivors, cached.length - survivors.length);
      }
    }
  } finally {
    await Promise.all([log.close(), image.close()]);
    await Promise.all([durable, cutImage].map((path) => rm(path, { force: true })));
  }
  return cuts;
}
