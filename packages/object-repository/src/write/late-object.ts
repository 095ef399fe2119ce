import { SendenseError } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { putDamagedPacks } from '../maintain/damaged-packs.ts';
import { storeTime } from '../store/store-time.ts';

/** An index object whose creation failed. */
export type FailedIndexObject = {
  readonly key: string;
  readonly packs: readonly string[];
  /** Which times of the store are too late for it. */
  readonly isLate: (modifiedAt: Date) => boolean;
  /** A request takes effect within so much of being sent, or never. */
  readonly effectMs: number;
};

/** Errors whose effect is none by themselves, but which may come after a first try that had one. */
const AFTER_A_TRY: ReadonlySet<string> = new Set(['ABORTED', 'FENCED']);

/**
 * Names the packs of an index object in a damage record when it came late or may do so, though its creation failed with `error`: the
 * answer may have been lost, or nobody waited for it. Also when that cannot be told; see the format, section 4, rule 5. Looks without
 * the caller's signal, which may have fired. Never rejects for what the store says: the caller has an error to tell.
 */
export async function disownIfLate(
  context: RepositoryContext,
  error: unknown,
  object: FailedIndexObject,
): Promise<void> {
  if (SendenseError.is(error) && error.effect === 'none' && !AFTER_A_TRY.has(error.code)) return;
  try {
    if (await mayBeLate(context, object)) await putDamagedPacks(context, object.packs);
  } catch (failure) {
    if (!SendenseError.is(failure)) throw failure;
    const message = `packs of ${object.key}, which maybe came late, could not be noted: ${failure.message}; run verify`;
    context.log({ level: 'warn', message, fields: { object: object.key, code: failure.code } });
  }
}

async function mayBeLate(context: RepositoryContext, object: FailedIndexObject): Promise<boolean> {
  const { key, isLate, effectMs } = object;
  try {
    const status = await context.store.head(key);
    return isLate(status?.modifiedAt ?? new Date((await storeTime(context)).getTime() + effectMs));
  } catch (failure) {
    if (!SendenseError.is(failure)) throw failure;
    return true;
  }
}
