import type { BlockReader, Call, DiskView, Extent } from '@sendense/core';
import type { Job } from '../events/job.ts';
import type { JobProgress } from '../events/job-progress.ts';
import { verifyDisk } from './verify-disk.ts';

/** A disk to verify, with its copy. */
export type ViewVerification = {
  /** The disk in the point. */
  readonly view: DiskView;
  /** Its copy, read back. */
  readonly actual: BlockReader;
  /** Bytes of work for the progress. */
  readonly workBytes: number;
  /** Only these, ascending. Default: the whole disk. */
  readonly extents?: AsyncIterable<Extent>;
  readonly windowBytes?: number;
};

/** Verifies one disk as {@link verifyDisk} does, and tells of it. */
export async function verifyView(
  job: Job,
  { view, actual, workBytes, extents, windowBytes }: ViewVerification,
  progress: Pick<JobProgress, 'disk'>,
  call: Call,
): Promise<void> {
  const startedMs = job.clock.monotonicMs();
  job.emit('disk-start', { disk: view.id, work: 'verify', sizeBytes: view.sizeBytes });
  const report = progress.disk(view.id, 'verify', workBytes);
  const bytesRead = await verifyDisk(
    {
      disk: view.id,
      expected: view.reader,
      actual,
      pace: job.pace,
      onProgress: report,
      ...(extents !== undefined && { extents }),
      ...(windowBytes !== undefined && { windowBytes }),
    },
    call,
  );
  report({ doneBytes: workBytes, movedBytes: bytesRead });
  const durationMs = job.clock.monotonicMs() - startedMs;
  job.emit('disk-end', { disk: view.id, work: 'verify', bytesRead, bytesWritten: 0, durationMs });
}
