import { type PlanId, planId } from '@sendense/core';

/** What the notes of a machine say of the restore that made it. */
export type PlanMark = {
  readonly plan: PlanId;
  readonly begunMs: number;
  readonly finished: boolean;
  /** Whether it takes the name of a machine that was there; marks of before do not say so. */
  readonly replaces: boolean;
  /** `FoundMachine.state` of the machine that was replaced, as it was set aside; marks of before do not have it. */
  readonly replaced: string | undefined;
  /** Name of the machine that the notes are of: a clone of it has another. */
  readonly name: string | undefined;
  /** Who restores; `undefined` where it has no id. */
  readonly installation: string | undefined;
};

const MARK =
  /\[sendense restore ([A-Za-z0-9_-]{1,128}), begun (\d{4}-\d\d-\d\dT[\d:.]{8,12}Z), (unfinished|finished)(, replacing(?: ([0-9a-f]{32}))?)?(?:, by ([0-9a-f-]{36}))?(?:, named ([^\]]{1,128}))?\]/;

/** The notes of a machine that a plan makes; constant for ever. */
export function writeMark(mark: PlanMark): string {
  const { plan, begunMs, finished, replaces, replaced, name, installation } = mark;
  const state = finished ? 'finished' : 'unfinished';
  const was = replaced === undefined ? '' : ` ${replaced}`;
  const replacing = replaces ? `, replacing${was}` : '';
  const by = installation === undefined ? '' : `, by ${installation}`;
  const named = name === undefined ? '' : `, named ${name}`;
  return `[sendense restore ${plan}, begun ${new Date(begunMs).toISOString()}, ${state}${replacing}${by}${named}]`;
}

/** The mark in the notes of a machine; `undefined` in those of somebody else's. */
export function readMark(annotation: string | undefined): PlanMark | undefined {
  const [, plan, begun, state, replacing, replaced, installation, name] = MARK.exec(annotation ?? '') ?? [];
  if (plan === undefined || begun === undefined) return undefined;
  const finished = state === 'finished';
  const replaces = replacing !== undefined;
  return { plan: planId(plan), begunMs: Date.parse(begun), finished, replaces, replaced, name, installation };
}
