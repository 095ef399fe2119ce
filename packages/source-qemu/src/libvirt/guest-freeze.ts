import { consistencySatisfies, type Finding, SendenseError } from '@sendense/core';
import type { InstantRequest } from '../host/machine-host.ts';
import type { DomainSession } from './domain-session.ts';
import { guardFrozen } from './thaw-guard.ts';

type Asked = InstantRequest['consistency'];

/** The strongest that a frozen guest gives: its agent flushes and stops the file systems, and runs its own hooks. */
const OBTAINED = 'filesystem';

/** Seconds in which an agent that works has answered a ping. */
const PING_SECONDS = '5';

/** A guest that stays frozen does nothing any more, so that one failure is not the end of it. */
const THAW_ATTEMPTS = 2;

/** What is surely weaker than `want`, as findings. Throws `QUIESCE_FAILED` when `accept` cannot be had. */
export function checkConsistency({ want, accept }: Asked): readonly Finding[] {
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
 * Freezes the file systems of the guest when that is wanted, takes the instant by `take`, and lets the guest go on at
 * once. The instant counts as frozen only when the guest says, after it, that as many file systems were frozen until
 * then as it had frozen. Else it is a finding where crash consistency is accepted, and `QUIESCE_FAILED` where not: that
 * comes before the instant, or after it.
 */
export async function whileFrozen(session: DomainSession, asked: Asked, take: () => Promise<Date>) {
  if (asked.want === 'crash') return { at: await take(), frozen: false, findings: [] };
  const goesOn = guardFrozen(session.address);
  try {
    const freezing = await freeze(session);
    if (!freezing.done) {
      const findings = notFrozen(asked, freezing);
      return { at: await take(), frozen: false, findings };
    }
    const at = await take().catch(async (error: unknown) => {
      await thaw(session);
      throw error;
    });
    const { thawed, findings } = await thaw(session);
    if (thawed >= freezing.count) return { at, frozen: true, findings };
    const why = `of ${freezing.count} frozen file systems ${thawed} were surely frozen until the instant was taken`;
    return { at, frozen: false, findings: notFrozen(asked, { why, findings }) };
  } finally {
    goesOn();
  }
}

/** Why the guest was not frozen, and what happened to it. */
type NotFrozen = { readonly why: string; readonly findings: readonly Finding[]; readonly cause?: unknown };

/** That as findings, where crash consistency is accepted; else throws `QUIESCE_FAILED`. */
function notFrozen({ want, accept }: Asked, { why, findings, cause }: NotFrozen): readonly Finding[] {
  if (accept === 'crash') return [weakened(want, 'crash', why), ...findings];
  const message = ['the guest could not be frozen', why, ...findings.map((finding) => finding.message)];
  throw new SendenseError('QUIESCE_FAILED', message.join(': '), {
    operation: 'freeze-guest',
    cause,
    remedy: 'see that qemu-guest-agent and its hooks work in the guest, or accept crash consistency',
  });
}

/**
 * Freezes the guest. A hanging agent is found by a ping, which has a time limit: libvirt waits for the freeze without
 * end, and an agent that comes back would freeze a guest that nobody thaws.
 */
async function freeze(
  session: DomainSession,
): Promise<{ readonly done: true; readonly count: number } | ({ readonly done: false } & NotFrozen)> {
  try {
    await session.run('qemu-agent-command', ['--timeout', PING_SECONDS, '{"execute":"guest-ping"}']);
    const count = await session.count('domfsfreeze'); // never cut off
    if (count > 0) return { done: true, count };
    const { findings } = await thaw(session); // its hooks were run
    return { done: false, why: 'the guest agent found no file system that it can freeze', findings };
  } catch (cause) {
    const unknown = SendenseError.is(cause) && cause.effect === 'unknown';
    const { findings } = unknown ? await thaw(session) : { findings: [] };
    return { done: false, why: textOf(cause), findings, cause };
  }
}

/** Lets the guest go on. Never rejects: a guest that stays frozen is the finding that the user must see. */
async function thaw(session: DomainSession): Promise<{ thawed: number; findings: readonly Finding[] }> {
  let failure: unknown;
  for (let attempt = 0; attempt < THAW_ATTEMPTS; attempt++) {
    try {
      const thawed = await session.count('domfsthaw');
      if (failure === undefined) return { thawed, findings: [] };
      const message = `the guest was thawed by the second attempt: ${textOf(failure)}`;
      return { thawed, findings: [{ severity: 'warning', code: 'thaw-failed', message }] };
    } catch (error) {
      failure = error;
    }
  }
  const message = `the guest may still be frozen; run "virsh domfsthaw": ${textOf(failure)}`;
  return { thawed: 0, findings: [{ severity: 'error', code: 'thaw-failed', message }] };
}
