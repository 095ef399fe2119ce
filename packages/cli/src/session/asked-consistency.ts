import { type Consistency, consistencySatisfies, SendenseError } from '@sendense/core';

/** Options `--consistency` and `--accept-consistency`. */
export type ConsistencyOptions = {
  readonly consistency: Consistency;
  readonly acceptConsistency?: Consistency;
};

/** What a capture is asked for. Throws `CONFIG_INVALID` when less is wanted than is accepted. */
export function askedConsistency({
  consistency: want,
  acceptConsistency: accept = want,
}: ConsistencyOptions) {
  if (consistencySatisfies(want, accept)) return { want, accept };
  throw new SendenseError(
    'CONFIG_INVALID',
    `--accept-consistency ${accept} is stronger than --consistency ${want}`,
    { operation: 'parse-arguments', remedy: `pass --consistency ${accept}` },
  );
}
