import { expect, it } from 'vitest';
import { cameLate } from './late-manifest.ts';

const GRACE_MS = 8 * 3600 * 1000;

it('a manifest is told to be late by its own times alone: by none where it says none, as those of earlier versions', () => {
  const [begunAt, configuredAt] = [new Date(GRACE_MS), new Date(0)];
  const rule = { graceMs: GRACE_MS, configuredAt };
  const late = new Date(2 * GRACE_MS);
  expect(cameLate({ begunAt, configuredAt }, late, rule)).toBe(true);
  expect(cameLate({ begunAt, configuredAt }, new Date(1.75 * GRACE_MS), rule)).toBe(false);
  expect(cameLate({}, late, rule)).toBe(false);
  expect(cameLate({ begunAt }, late, rule)).toBe(false);
  expect(cameLate({ begunAt, configuredAt: new Date(GRACE_MS / 2) }, late, rule)).toBe(false);
});
