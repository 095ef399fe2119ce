import type { Call } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { FoundPoint, FoundPoints } from '../read/point-catalog.ts';

/** Manifests that all can be read, those that came too late among them. Throws `CORRUPT`: what a damaged manifest needs nobody knows, so nothing is deleted. */
export function unhurt({ points, late, damaged }: FoundPoints): readonly FoundPoint[] {
  for (const damage of damaged.values()) throw damage;
  return [...points, ...late];
}

/** Throws `CORRUPT` when an index object is damaged: packs that nobody knows of look like those that nobody needs. */
export async function refreshUnhurt({ index }: RepositoryContext, call?: Call): Promise<void> {
  await index.refresh(call);
  for (const damage of index.damaged.values()) throw damage;
}
