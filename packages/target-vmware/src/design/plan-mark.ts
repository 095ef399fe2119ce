import { type PlanId, planId } from '@sendense/core';

/** What the notes of a machine say of the restore that made it. */
export type PlanMark = {
  readonly plan: PlanId;
  readonly begunMs: number;
  readonly finished: boolean;
};

const MARK =
  /\[sendense restore ([A-Za-z0-9_-]{1,128}), begun (\d{4}-\d\d-\d\dT[\d:.]{8,12}Z), (unfinished|finished)\]/;

/** The notes of a machine that a plan makes; constant for ever. */
export function writeMark({ plan, begunMs, finished }: PlanMark): string {
  const state = finished ? 'finished' : 'unfinished';
  return `[sendense restore ${plan}, begun ${new Date(begunMs).toISOString()}, ${state}]`;
}

/** The mark in the notes of a machine; `undefined` in those of somebody else's. */
export function readMark(annotation: string | undefined): PlanMark | undefined {
  const [, plan, begun, state] = MARK.exec(annotation ?? '') ?? [];
  if (plan === undefined || begun === undefined) return undefined;
  return { plan: planId(plan), begunMs: Date.parse(begun), finished: state === 'finished' };
}
