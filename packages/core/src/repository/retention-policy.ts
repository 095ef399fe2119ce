import { z } from 'zod';

const count = z.int().nonnegative().optional();

/**
 * How many points to keep, each rule counting the newest point of each of the last N hours, days, … that have one (UTC).
 * A point kept by any rule stays. A policy that keeps nothing is refused.
 */
export const retentionPolicySchema = z
  .object({ last: count, hourly: count, daily: count, weekly: count, monthly: count, yearly: count })
  .refine(
    (policy) => Object.values(policy).some((value) => (value ?? 0) > 0),
    'a retention policy must keep something',
  );

/** See {@link retentionPolicySchema}. */
export type RetentionPolicy = {
  readonly last?: number;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
};
