import type { ChangeState, Keep } from '@sendense/core';
import type { BitmapName } from './bitmap-name.ts';

/** Whether any of `states` names the bitmap called `name`, whichever connector wrote it. */
export function isNamedBy(states: readonly Pick<ChangeState, 'data'>[], name: string): boolean {
  const quoted = JSON.stringify(name);
  return states.some(({ data }) => JSON.stringify(data).includes(quoted));
}

/**
 * Whether `keep` leaves the baseline that `made` describes without a purpose: its owner's, of a stream that was read, of
 * no capture under way, old enough, and named by no state.
 */
export function isLeftover(made: BitmapName, keep: Keep, now: Date): boolean {
  if (!made.capture.startsWith(keep.owner)) return false;
  if (keep.streams !== undefined && !keep.streams.includes(made.stream)) return false;
  if (keep.captures.includes(made.capture) || now.getTime() - made.at.getTime() < keep.graceMs) return false;
  return !isNamedBy(keep.states, made.name);
}
