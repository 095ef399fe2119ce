import { type Call, type Finding, SendenseError } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { numberAtEnd } from '../layout/object-keys.ts';
import { type FoundPoint, type FoundPoints, latePoint } from '../read/point-catalog.ts';
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

/**
 * Those of the manifests that came too late whose number is the greatest of their stream. They stay: the key of one that went would be
 * taken by the next point, which a pruner that stood still before its deletion would delete, and of two writers each could have a key.
 */
export function lastOfStreams({ points, late }: FoundPoints): ReadonlySet<FoundPoint> {
  const greatest = new Map<string, number>();
  for (const { key } of [...points, ...late])
    greatest.set(streamOf(key), Math.max(greatest.get(streamOf(key)) ?? 0, numberAtEnd(key) ?? 0));
  return new Set(late.filter(({ key }) => greatest.get(streamOf(key)) === numberAtEnd(key)));
}

function streamOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}

/** What is told of a manifest that came too late. */
export function lateFinding({ key: object, record: { id } }: FoundPoint): Finding {
  return { severity: 'warning', code: 'point-late', message: latePoint(id).message, object };
}
