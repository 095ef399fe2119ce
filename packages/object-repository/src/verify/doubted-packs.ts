import type { Call } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { readDamageRecords } from '../maintain/damaged-packs.ts';
import { shortDigest } from './verify-cursor.ts';

/** Packs that were found hurt: what lies in them is not taken for whole although it was gone through. */
export type DoubtedPacks = {
  /** Whether a pack is one of them: any may be where not all are known. */
  has(pack: string): boolean;
  readonly areKnown: boolean;
  /** Of other packs it is another one. */
  readonly digest: string;
};

/** None are in doubt: nothing was gone through. */
export const NO_DOUBTS: DoubtedPacks = { has: () => false, areKnown: true, digest: '' };

/**
 * What a verification that is resumed does not take for whole: whatever lies in packs that damage records name, or that it found hurt
 * and could not note (`unnoted`, `null` when they were too many). A record that cannot be read may name any.
 */
export async function findDoubted(
  context: RepositoryContext,
  unnoted: ReadonlySet<string> | null,
  call?: Call,
): Promise<DoubtedPacks> {
  const { records, unreadable } = await readDamageRecords(context, call);
  const packs = new Set([...(unnoted ?? []), ...records.flatMap((record) => [...record.packs])]);
  const areKnown = unnoted !== null && unreadable === 0;
  return {
    has: (pack) => !areKnown || packs.has(pack),
    areKnown,
    digest: shortDigest([areKnown, ...[...packs].sort()].join()),
  };
}
