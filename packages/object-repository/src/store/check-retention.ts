import { SendenseError } from '@sendense/core';
import type { ObjectStore } from './object-store.ts';

/** Throws `UNSUPPORTED` for a store without object lock. */
export function checkRetention({ location, capabilities }: ObjectStore): void {
  if (capabilities.retention) return;
  throw new SendenseError(
    'UNSUPPORTED',
    `${location} was opened without object lock, and its points must be locked`,
    {
      operation: 'open-repository',
      remedy:
        'open the store with object lock (s3://…?objectLock=compliance of a bucket made with it, azure://…?immutability=locked), or ask for no retention',
      context: { location },
    },
  );
}
