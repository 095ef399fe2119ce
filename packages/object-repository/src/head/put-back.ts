import { SendenseError } from '@sendense/core';
import { REMOVALS_KEPT_DAYS } from '../maintain/removals.ts';
import type { HeadState, KnownPoint } from './head-state.ts';

/** A client that was away for longer cannot rely on removals: less than they are kept, because clocks differ. */
const AWAY_MS = (REMOVALS_KEPT_DAYS - 35) * 24 * 3600 * 1000;
/** Points that an error names. */
const MOST_NAMED = 100;

/** Where the points are gone, and what was known of them. */
type Place = {
  readonly location: string;
  /** Where the head is kept. */
  readonly place: string;
  readonly head: HeadState;
  readonly now: Date;
};

/** The error of points that were seen, are gone, and were removed by no pruner. */
export function putBack(hidden: readonly KnownPoint[], { location, place, head, now }: Place): SendenseError {
  const [first] = hidden;
  const others = hidden.length > 1 ? ` (and ${hidden.length - 1} more)` : '';
  const isAway = now.getTime() - head.checkedAt.getTime() > AWAY_MS;
  const why = isAway
    ? `this client was last here on ${head.checkedAt.toISOString().slice(0, 10)}, and what prunes removed is told for ${REMOVALS_KEPT_DAYS} days only, so nobody can tell why`
    : 'no prune removed it: the store was put back to an earlier state, somebody deleted it there, or this is a copy of the store that lags behind';
  return new SendenseError(
    'CORRUPT',
    `point ${first?.point}${others}, which was seen in ${location} before, is gone; ${why}`,
    {
      operation: 'check-trusted-head',
      remedy: `find out who changed the store, and keep a copy of it as it is; open a copy of it with a head of its own, or none; when its present state is what you want, delete ${place}`,
      context: { points: hidden.slice(0, MOST_NAMED).map(({ point }) => point), location, head: place },
    },
  );
}
