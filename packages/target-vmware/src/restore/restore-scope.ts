import type { RestorePlan, RestoreRun } from '@sendense/core';
import type { VimClient } from '@sendense/platform-vmware';
import type { TargetContext } from '../context.ts';
import { type PlanMark, writeMark } from '../design/plan-mark.ts';
import type { PlanDetails } from './plan-details.ts';
import type { RestoreMemory } from './restore-memory.ts';

/** What the steps of one restore share. */
export type RestoreScope = {
  readonly context: TargetContext;
  readonly client: VimClient;
  readonly plan: RestorePlan;
  readonly run: RestoreRun;
  readonly details: PlanDetails;
  readonly memory: RestoreMemory;
  /** See `TargetContext.installation`. */
  readonly installation: string | undefined;
};

/** The notes of a machine of a restore that is called, or is to be called, `name`. */
export function notesOf(
  { plan, memory, installation }: RestoreScope,
  name: string,
  {
    finished = false,
    replaces = false,
    replaced,
  }: Partial<Pick<PlanMark, 'finished' | 'replaces' | 'replaced'>> = {},
): string {
  const { begunMs } = memory;
  return writeMark({ plan: plan.id, begunMs, finished, replaces, replaced, name, installation });
}
