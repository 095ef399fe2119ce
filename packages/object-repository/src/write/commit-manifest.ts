import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { pointKey, streamPrefix } from '../layout/object-keys.ts';
import { type FoundPoint, openManifest } from '../read/point-catalog.ts';
import { type PointRecord, pointRecord } from '../records/point-record.ts';
import { sealRecord } from '../records/sealed-json.ts';
import { sameInstant, sequenceTaken } from './check-draft.ts';
import { expired } from './deadline.ts';
import type { PointInHand } from './point-writer.ts';

/**
 * Creates the manifest: with it the point exists. Rejects with `CONFLICT` when another point has the sequence, `FENCED` when
 * the lease is lost, `EXPIRED` when the point took so long that prune may delete what it relies on.
 */
export async function commitManifest(
  context: RepositoryContext,
  point: PointInHand,
  record: PointRecord,
  call?: Call,
): Promise<FoundPoint> {
  const { store, sealer, keys } = context;
  const { draft, fence, deadline } = point;
  const key = pointKey(streamPrefix(keys, draft), point.number);
  const bytes = sealRecord(sealer, pointRecord, key, record);
  await fence.check();
  throwIfAborted(call?.signal, 'commit-point');
  try {
    await deadline.send(
      draft.id,
      (options, bounded) => store.put(key, bytes, { ...point.lock, ...options }, bounded),
      call,
    );
    return openManifest(sealer, key, bytes);
  } catch (error) {
    if (!SendenseError.is(error, 'ALREADY_EXISTS')) throw error;
    const { found, isLate } = await context.points.read(key);
    if (found.record.id !== draft.id) throw sequenceTaken(found.record);
    if (isLate) throw expired(draft.id, 'none');
    return sameInstant(found, draft);
  }
}
