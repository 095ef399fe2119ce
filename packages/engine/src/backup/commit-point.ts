import { type ChangeState, type PointWriter, type RecoveryPoint, SendenseError } from '@sendense/core';
import type { BackupRun } from './backup-run.ts';

/** What a commit takes of its run. */
export type CommitRun = Pick<BackupRun, 'context' | 'job'>;

/** The atomic record. It is not cancelled half-way; where it may have happened all the same it is repeated once. */
export async function commitPoint(
  run: CommitRun,
  writer: PointWriter,
  states: readonly ChangeState[],
): Promise<RecoveryPoint> {
  await run.context.fence.check();
  try {
    return await writer.commit(states);
  } catch (error) {
    if (!SendenseError.is(error) || error.effect !== 'unknown') throw error;
    run.job.log('warn', 'the commit of the point may have happened; it is repeated', { code: error.code });
    return writer.commit(states);
  }
}
