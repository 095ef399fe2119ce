import {
  type Call,
  type Clock,
  type ErrorCode,
  type Finding,
  type Random,
  SendenseError,
  systemServices,
  throwIfAborted,
} from '@sendense/core';
import type { ObjectStore } from '../store/object-store.ts';
import type { StoreCase, StoreContext, ValidationSizes } from './store-case.ts';
import { storeCases } from './store-cases.ts';

/** How a promise was found. */
export type CaseReport = {
  readonly name: string;
  readonly clause: string;
  /** `not-offered`: the store says that it cannot, and behaves so. `untested`: rights, or the way to the store, were missing. */
  readonly outcome: 'kept' | 'broken' | 'not-offered' | 'untested';
  readonly durationMs: number;
  /** Why it is broken or untested: what was seen, or the error of the store. */
  readonly reason?: string;
  /** Where a call failed that had to succeed. */
  readonly error?: SendenseError;
};

/** Whether a store keeps its promises. */
export type StoreReport = {
  readonly location: string;
  /** Nothing is broken but what only weakens, and nothing untested but what a writer needs no right for. */
  readonly isUsable: boolean;
  readonly cases: readonly CaseReport[];
  /** What is broken or untested, with what that means, and what was left behind. */
  readonly findings: readonly Finding[];
};

/** What a validation does, and with what. */
export type ValidateOptions = {
  /** A second handle of the same store; the first one when not given. */
  readonly other?: ObjectStore;
  readonly sizes?: Partial<ValidationSizes>;
  /** Told of each case when it ends. */
  readonly onCase?: (report: CaseReport) => void;
  readonly clock?: Clock;
  readonly random?: Random;
};

/** What a user's own store is tried with: more than a page, more than one request. */
export const USUAL_SIZES: ValidationSizes = {
  listedObjects: 1100,
  largeBytes: 80 * 2 ** 20,
  racers: 16,
  lockMs: 60_000,
};

/**
 * Tries every promise of a store under a prefix of its own, `sendense-validate-<random>`, and removes what it made. What
 * cannot be removed (locked objects, no right to delete) is a finding. Nothing else in the store is touched. Rejects only
 * with `ABORTED`, and when not even one object can be created; everything else is in the report.
 */
export async function validateStore(
  store: ObjectStore,
  options: ValidateOptions = {},
  call: Call = {},
): Promise<StoreReport> {
  const { clock, random } = systemServices(options);
  const root = `sendense-validate-${Buffer.from(random.bytes(8)).toString('hex')}`;
  const context: Omit<StoreContext, 'prefix'> = {
    store,
    other: options.other ?? store,
    sizes: { ...USUAL_SIZES, ...options.sizes },
    now: () => clock.now(),
  };
  await store.put(`${root}/first`, new Uint8Array(1), {}, call);
  const cases: CaseReport[] = [];
  const findings: Finding[] = [];
  try {
    for (const [index, each] of storeCases.entries()) {
      throwIfAborted(call.signal, 'validate-store');
      const chosen = choose(each, store);
      if (chosen === undefined) continue;
      const report = await tryCase(chosen, { ...context, prefix: `${root}/case-${index}` }, clock);
      cases.push(report);
      if (report.outcome === 'broken') findings.push(brokenPromise(chosen, report));
      if (report.outcome === 'untested') findings.push(untestedPromise(chosen, report));
      options.onCase?.(report);
      call.onProgress?.({ done: index + 1, total: storeCases.length, unit: 'items' });
    }
  } finally {
    findings.push(...(await tidyUp(store, root)));
  }
  return {
    location: store.location,
    isUsable: !findings.some(({ severity }) => severity === 'error'),
    cases,
    findings,
  };
}

/** What a store, or the way to it, rejects with before a promise comes into it. */
const NO_ANSWER: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'PERMISSION_DENIED',
  'AUTHENTICATION_FAILED',
  'EXPIRED',
  'CONNECTION_LOST',
  'TIMEOUT',
  'RATE_LIMITED',
  'QUOTA_EXCEEDED',
  'NO_SPACE',
]);

type ChosenCase = Omit<StoreCase, 'requires' | 'inverse'> & { readonly isOffered: boolean };

function choose(
  { requires, inverse, ...each }: StoreCase,
  { capabilities }: ObjectStore,
): ChosenCase | undefined {
  if (requires?.(capabilities) ?? true) return { ...each, isOffered: true };
  return inverse === undefined ? undefined : { ...each, ...inverse, isOffered: false };
}

async function tryCase(
  { name, clause, isOffered, run }: ChosenCase,
  context: StoreContext,
  clock: Clock,
): Promise<CaseReport> {
  const begin = clock.monotonicMs();
  const ended = () => ({ name, clause, durationMs: Math.round(clock.monotonicMs() - begin) });
  try {
    await run(context);
    return { ...ended(), outcome: isOffered ? 'kept' : 'not-offered' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (!SendenseError.is(error)) return { ...ended(), outcome: 'broken', reason };
    return { ...ended(), outcome: NO_ANSWER.has(error.code) ? 'untested' : 'broken', reason, error };
  }
}

function brokenPromise({ severity, consequence }: ChosenCase, { name, reason = '' }: CaseReport): Finding {
  return {
    severity: severity ?? 'error',
    code: 'store-promise-broken',
    message: `not so: ${name} (${reason}); ${consequence}`,
  };
}

function untestedPromise({ needsDelete }: ChosenCase, { name, reason = '', error }: CaseReport): Finding {
  return {
    severity: needsDelete === true && error?.code === 'PERMISSION_DENIED' ? 'warning' : 'error',
    code: 'store-promise-untested',
    message: `could not be tested: ${name} (${reason})`,
  };
}

/** Deletes what was made. Objects that stay are told; they hold nothing of value. */
async function tidyUp(store: ObjectStore, root: string): Promise<Finding[]> {
  let left = 0;
  let why = '';
  try {
    for await (const { key } of store.list(`${root}/`)) {
      await store.delete(key).catch((error: unknown) => {
        left += 1;
        why = SendenseError.is(error) ? error.code : String(error);
      });
    }
  } catch (error) {
    return [
      leftover(root, `its objects cannot be listed: ${SendenseError.is(error) ? error.code : String(error)}`),
    ];
  }
  return left === 0 ? [] : [leftover(root, `${left} objects could not be deleted: ${why}`)];
}

function leftover(root: string, why: string): Finding {
  return {
    severity: 'warning',
    code: 'validation-leftovers',
    message: `what the validation made is still in the store (${why}); delete it later`,
    object: root,
  };
}
