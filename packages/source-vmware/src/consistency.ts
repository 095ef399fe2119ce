import {
  type CaptureRequest,
  type Consistency,
  consistencySatisfies,
  type Finding,
  SendenseError,
} from '@sendense/core';
import type { VimMachine } from '@sendense/platform-vmware';

type Wanted = CaptureRequest['consistency'];

/** Whether the guest is to be brought to rest. */
export function wantsRest({ want }: Wanted, { power }: VimMachine): boolean {
  return want !== 'crash' && power === 'on';
}

/** Throws `QUIESCE_FAILED` when what is accepted can never be had of the machine as it is. */
export function checkConsistency({ accept }: Wanted, { power }: VimMachine): void {
  const best: Consistency = power === 'on' ? 'filesystem' : 'crash';
  if (consistencySatisfies(best, accept)) return;
  throw tooWeak(
    best,
    accept,
    power === 'on' ? 'VMware Tools freeze file systems' : 'the machine does not run',
  );
}

/** The error of a snapshot that is weaker than what is accepted. */
export function tooWeak(
  obtained: Consistency,
  accept: Consistency,
  why: string,
  cause?: unknown,
): SendenseError {
  return new SendenseError(
    'QUIESCE_FAILED',
    `${accept} consistency is required, and ${obtained} was had: ${why}`,
    {
      operation: 'begin-capture',
      context: { obtained, accept },
      cause,
      remedy: `accept ${obtained} consistency, or check VMware Tools and, in Windows, the VSS writers`,
    },
  );
}

/** Tells that less was had than was wanted. */
export function weakened({ want }: Wanted, obtained: Consistency, why: string): readonly Finding[] {
  if (consistencySatisfies(obtained, want)) return [];
  const message = `${want} consistency was wanted, and ${obtained} is had: ${why}`;
  return [{ severity: 'warning', code: 'consistency-weakened', message }];
}
