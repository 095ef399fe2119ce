import {
  type CaptureRequest,
  type Consistency,
  consistencySatisfies,
  type Finding,
  SendenseError,
} from '@sendense/core';

const WEAKER: readonly Consistency[] = ['application', 'filesystem', 'crash'];

/** What can be had, the wanted at most. Throws `QUIESCE_FAILED` when that is weaker than accepted. */
export function negotiateConsistency(
  { want, accept }: CaptureRequest['consistency'],
  possible: Consistency,
): { readonly obtained: Consistency; readonly findings: readonly Finding[] } {
  const obtained = WEAKER.find(
    (level) => consistencySatisfies(want, level) && consistencySatisfies(possible, level),
  );
  if (obtained === undefined || !consistencySatisfies(obtained, accept)) {
    throw new SendenseError(
      'QUIESCE_FAILED',
      `the guest gives ${possible} consistency, ${accept} is required`,
      {
        operation: 'quiesce-machine',
        remedy: `accept ${possible} consistency, or start the guest agent`,
      },
    );
  }
  if (obtained === want) return { obtained, findings: [] };
  const message = `${want} consistency was wanted, ${obtained} was obtained`;
  return { obtained, findings: [{ severity: 'warning', code: 'consistency-weakened', message }] };
}
