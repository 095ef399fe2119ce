import type { Finding } from '@sendense/core';
import { removeSnapshot, setChangeTracking, type VimMachine } from '@sendense/platform-vmware';
import type { Decision } from './capture-plan.ts';
import { type Connection, type SourceContext, whenFree } from './context.ts';
import { type FreezeRequest, type Frozen, freeze, stun } from './freeze.ts';
import { removeOfCapture, undone } from './leftovers.ts';
import type { CheckedOptions } from './options.ts';
import { whyUntracked } from './prerequisites.ts';

/**
 * Why the change tracking of a machine is to begin anew, as a sentence; `undefined` where it is not. A disk without a change id is no
 * reason while others have one: they would lose what they have, and it may never get one.
 */
export function whyReset(
  options: CheckedOptions,
  machine: VimMachine,
  { disks }: Decision,
): string | undefined {
  if (options.track !== 'repair' || whyUntracked(machine, options) !== undefined) return undefined;
  const isBlind = disks.every(({ now }) => now.disk.changeId === undefined);
  const broken = disks.find(({ choice }) => isBlind || choice.isBroken);
  const changes = broken?.choice.changes;
  return changes?.kind === 'full' ? `${broken?.now.id}: ${changes.detail}` : undefined;
}

/** Tracking is not switched on over a snapshot of somebody else: it would have no effect. */
export function cannotReset({ snapshots: { snapshots } }: VimMachine, why: string): readonly Finding[] {
  if (snapshots.length === 0) return [];
  const message = `change tracking is broken and cannot begin anew over ${snapshots.length} snapshots: remove them once (${why})`;
  return [{ severity: 'warning', code: 'change-tracking-broken', message }];
}

/**
 * Gives up the snapshot of a capture, switches change tracking off and on again, each made real by a stun where the machine runs, and
 * takes another. Change ids of before are good for nothing then, those of other programs too. When it rejects it leaves no snapshot.
 */
export async function freezeAnew(
  context: SourceContext,
  connection: Connection,
  machine: VimMachine,
  request: FreezeRequest,
  { frozen, why }: { readonly frozen: Frozen; readonly why: string },
): Promise<Frozen> {
  const { vim } = connection;
  const { object } = machine;
  try {
    await whenFree(context, () => removeSnapshot(vim, frozen.snapshot.object));
    for (const enabled of [false, true]) {
      await whenFree(context, () => setChangeTracking(vim, object, enabled));
      await stun(context, connection, machine, request);
    }
  } catch (error) {
    throw await undone(context, object, error, () =>
      removeOfCapture(context, connection, object, request.id),
    );
  }
  const anew = await freeze(context, connection, machine, request);
  return { ...anew, findings: [wasReset(why), ...anew.findings] };
}

function wasReset(why: string): Finding {
  const message = `change tracking was switched off and on again; other backups of the machine read all of it once (${why})`;
  return { severity: 'warning', code: 'change-tracking-reset', message };
}
