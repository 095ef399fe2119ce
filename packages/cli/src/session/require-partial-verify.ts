import { type Repository, SendenseError } from '@sendense/core';

/** Flags of `verify` that not every repository offers. */
type PartialFlags = {
  readonly sample?: number;
  readonly timeBudget?: number;
  readonly resume?: string;
};

/** Throws `UNSUPPORTED` for flags that the repository does not offer; the library speaks of a capability. */
export function requirePartialVerify({ kind, capabilities }: Repository, flags: PartialFlags): void {
  const { sample, timeBudget, resume } = flags;
  const given = [
    ...(sample === undefined ? [] : ['--sample']),
    ...(timeBudget === undefined ? [] : ['--time-budget']),
    ...(resume === undefined ? [] : ['--resume']),
  ];
  if (given.length === 0 || capabilities.partialVerify === true) return;
  throw new SendenseError(
    'UNSUPPORTED',
    `a repository of kind ${kind} cannot verify with ${given.join(', ')}`,
    {
      operation: 'verify-points',
      remedy: `leave ${given.join(', ')} out; --backup-id verifies one point. Object repositories offer it: dir:, s3://, azure://`,
      context: { capability: 'partialVerify' },
    },
  );
}
