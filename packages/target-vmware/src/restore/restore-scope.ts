import type { RestorePlan, RestoreRun } from '@sendense/core';
import type { VimClient } from '@sendense/platform-vmware';
import type { TargetContext } from '../context.ts';
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
};
