import { planId, type RestoreState } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readRestoreState } from './read-restore-state.ts';

const data = z.object({ phase: z.enum(['writing', 'committed']) });
const plan = planId('plan-1');
const refused = { code: 'FORMAT_UNSUPPORTED' };

describe('the state of a restore', () => {
  it('is read as it was saved', () => {
    const state: RestoreState = { plan, schema: 'target-x/1', data: { phase: 'committed' } };
    expect(readRestoreState(state, 'target-x/1', data)).toEqual({ phase: 'committed' });
  });

  it('is refused under the name of another version, and where its data is of another shape', () => {
    const state: RestoreState = { plan, schema: 'target-x/2', data: { phase: 'writing' } };
    expect(() => readRestoreState(state, 'target-x/1', data)).toThrow(expect.objectContaining(refused));
    const odd: RestoreState = { plan, schema: 'target-x/1', data: { phase: 'begun' } };
    expect(() => readRestoreState(odd, 'target-x/1', data)).toThrow(expect.objectContaining(refused));
  });
});
