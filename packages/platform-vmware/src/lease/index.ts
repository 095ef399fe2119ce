export { exportSnapshot } from './export-snapshot.ts';
export { abortLease, type HeldLease, holdLease } from './held-lease.ts';
export type { LeaseDevice, LeaseInfo } from './lease-info.ts';
export { waitForLease } from './wait-for-lease.ts';
