import type { JobId, PointId, RepositoryId, StreamId } from '@sendense/core';

/** Prefix of the stream records: one key for each stream. */
export const STREAM_PREFIX = 'streams/';
/** Prefix of the restore records: one key for each restore job. */
export const RESTORE_PREFIX = 'restores/';

/** `streams/<stream>`: the run under way and the live baselines of a stream, see `StreamRecord`. */
export function streamKey(stream: StreamId): string {
  return STREAM_PREFIX + stream;
}

/** `restores/<job>`: plan, target state and steps of a restore, see `RestoreRecord`. */
export function restoreKey(job: JobId): string {
  return RESTORE_PREFIX + job;
}

/** `copies/<repository>/`: one key for each point that was copied there and not pinned or verified yet. */
export function copiesPrefix(to: RepositoryId): string {
  return `copies/${to}/`;
}

/** `copies/<repository>/<point>`: see `CopyNote`. */
export function copyKey(to: RepositoryId, point: PointId): string {
  return copiesPrefix(to) + point;
}
