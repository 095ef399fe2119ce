import { type Call, type Finding, SendenseError } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { type FoundPoint, latePoint } from '../read/point-catalog.ts';
import { LivePacks } from './live-packs.ts';
import type { PruneLock } from './prune-lock.ts';

/**
 * Those of some manifests that came too late whose chunks are not all there any more. The others keep their packs until the policy
 * drops them: where somebody copied manifests within the store, they look late and are not. The index of the context is loaded.
 */
export async function brokenOf(
  context: RepositoryContext,
  late: readonly FoundPoint[],
  lock: PruneLock,
  call?: Call,
): Promise<readonly FoundPoint[]> {
  const broken: FoundPoint[] = [];
  for (const point of late) {
    const request = { points: [point], avoided: [], check: () => lock.check(call) };
    try {
      await (await LivePacks.find(context, request, call))[Symbol.asyncDispose]();
    } catch (error) {
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      broken.push(point);
    }
  }
  return broken;
}

/** What is told of a manifest that came too late. */
export function lateFinding({ key: object, record: { id } }: FoundPoint): Finding {
  return { severity: 'warning', code: 'point-late', message: latePoint(id).message, object };
}
