import type { Clock } from '@sendense/core';
import type { WorkProgress } from './engine-events.ts';

/** How long the rates look back. */
const RATE_WINDOW_MS = 10_000;
/** The least time between two reports. */
const REPORT_EVERY_MS = 200;

/** How far work is: `movedBytes` of payload went through, `doneBytes` also counts what needed no move. */
export type WorkDone = { readonly doneBytes: number; readonly movedBytes: number };

/** Turns amounts of finished work into progress with moving rates. */
export type ProgressMeter = {
  /** Adds what an earlier attempt did: it is done, and no rate counts it. */
  skip(bytes: number): void;
  /** Sets the amounts done, with what was skipped; they never go back. */
  update(done: WorkDone): void;
  now(): WorkProgress;
};

type Sample = WorkDone & { readonly atMs: number };

/** `report` is called by `update` only: at most five times a second, and once when everything is done. */
export function createProgressMeter(
  clock: Clock,
  totalBytes: number,
  report: (progress: WorkProgress) => void,
): ProgressMeter {
  let samples: Sample[] = [{ atMs: clock.monotonicMs(), doneBytes: 0, movedBytes: 0 }];
  let latest: WorkDone = { doneBytes: 0, movedBytes: 0 };
  let reportedMs = Number.NEGATIVE_INFINITY;
  let finished = false;

  const now = (): WorkProgress => {
    const doneBytes = Math.min(latest.doneBytes, totalBytes);
    const workRate = movingRate(samples, 'doneBytes');
    return {
      doneBytes,
      totalBytes,
      percent: totalBytes === 0 ? 100 : (doneBytes / totalBytes) * 100,
      bytesPerSecond: movingRate(samples, 'movedBytes'),
      etaSeconds: workRate > 0 ? (totalBytes - doneBytes) / workRate : null,
    };
  };
  return {
    now,
    skip(bytes) {
      latest = { ...latest, doneBytes: latest.doneBytes + bytes };
      samples = samples.map((sample) => ({ ...sample, doneBytes: sample.doneBytes + bytes }));
    },
    update({ doneBytes, movedBytes }) {
      latest = {
        doneBytes: Math.max(latest.doneBytes, doneBytes),
        movedBytes: Math.max(latest.movedBytes, movedBytes),
      };
      const atMs = clock.monotonicMs();
      const finishes = !finished && latest.doneBytes >= totalBytes;
      if (!finishes && atMs - reportedMs < REPORT_EVERY_MS) return;
      finished ||= finishes;
      reportedMs = atMs;
      samples.push({ ...latest, atMs });
      while (samples.length > 2 && atMs - (samples[0]?.atMs ?? atMs) > RATE_WINDOW_MS) samples.shift();
      report(now());
    },
  };
}

function movingRate(samples: readonly Sample[], what: keyof WorkDone): number {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
  return ((last[what] - first[what]) * 1000) / (last.atMs - first.atMs);
}
