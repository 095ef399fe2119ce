import { type Call, SendenseError } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { readDamagedPacks } from '../maintain/damaged-packs.ts';
import type { PointInHand } from './point-writer.ts';

/**
 * Rejects with `CONFLICT` when the point relies on a pack that a damage record names which came after it was begun: verify found
 * the pack damaged; see the format, section 4.
 */
export async function refuseDamaged(
  context: RepositoryContext,
  { draft, knownDamage, sink }: PointInHand,
  call?: Call,
): Promise<void> {
  for (const { key, packs } of await readDamagedPacks(context, call)) {
    if (knownDamage.has(key)) continue;
    for (const pack of packs)
      if ((await sink.relied.get(pack)) !== undefined)
        throw new SendenseError(
          'CONFLICT',
          `point ${draft.id} relies on a pack that was found damaged meanwhile`,
          {
            operation: 'commit-point',
            effect: 'none',
            remedy: 'run the backup again: it stores anew what is in the pack',
            context: { point: draft.id, pack },
          },
        );
  }
}
