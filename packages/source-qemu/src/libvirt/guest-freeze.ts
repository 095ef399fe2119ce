import { consistencySatisfies, type Finding, SendenseError } from '@sendense/core';
import type { InstantRequest } from '../host/machine-host.ts';
import type { DomainSession } from './domain-session.ts';

/** How the guest stands. */
export type Frozen = { readonly frozen: boolean; readonly findings: readonly Finding[] };

/** The strongest that a frozen guest gives: its agent flushes and stops the file systems, and runs its own hooks. */
const OBTAINED = 'filesystem';

/** What is surely weaker than `want`, as findings. Throws `QUIESCE_FAILED` when `accept` cannot be had. */
export function checkConsistency({ want, accept }: InstantRequest['consistency']): readonly Finding[] {
  if (!consistencySatisfies(OBTAINED, accept)) {
    throw new SendenseError(
      'QUIESCE_FAILED',
      `libvirt gives ${OBTAINED} consistency at most, not ${accept}`,
      {
        operation: 'begin-capture',
        remedy: `accept ${OBTAINED} consistency; hooks of the guest agent can quiesce applications`,
      },
    );
  }
  return consistencySatisfies(OBTAINED, want) ? [] : [weakened(want, OBTAINED, 'libvirt gives no more')];
}

function weakened(want: string, got: string, why: string): Finding {
  const message = `${want} consistency was wanted; ${got} consistency was obtained: ${why}`;
  return { severity: 'warning', code: 'consistency-weakened', message };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Freezes the file systems of the guest when `want` asks for it. A guest that cannot be frozen is a finding where crash
 * consistency is accepted; else rejects with `QUIESCE_FAILED`.
 */
export async function freezeGuest(
  session: DomainSession,
  { want, accept }: InstantRequest['consistency'],
): Promise<Frozen> {
  if (want === 'crash') return { frozen: false, findings: [] };
  try {
    // never cut off: the agent would go on and freeze a guest that nobody thaws
    await session.run('domfsfreeze');
    return { frozen: true, findings: [] };
  } catch (error) {
    if (SendenseError.is(error) && error.effect === 'unknown') await thawGuest(session);
    if (accept === 'crash') {
      return { frozen: false, findings: [weakened(want, 'crash', textOf(error))] };
    }
    throw new SendenseError('QUIESCE_FAILED', `the guest could not be frozen: ${textOf(error)}`, {
      operation: 'freeze-guest',
      cause: error,
      remedy: 'install and start qemu-guest-agent in the guest, or accept crash consistency',
    });
  }
}

/** Lets the guest go on. Never rejects: a guest that stays frozen is the finding that the user must see. */
export async function thawGuest(session: DomainSession): Promise<readonly Finding[]> {
  try {
    await session.run('domfsthaw');
    return [];
  } catch (error) {
    const message = `the guest may still be frozen; run "virsh domfsthaw": ${textOf(error)}`;
    return [{ severity: 'error', code: 'thaw-failed', message }];
  }
}
