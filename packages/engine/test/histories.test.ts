import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { act, History } from './history.ts';

const SCALE = Number(process.env.SENDENSE_TEST_SCALE ?? 1);
const SEED = 20_261_004;

describe('any history of writes, resizes, backups of every kind, kills, prunes and lost journals', () => {
  it(`leaves every point equal to its instant (seed ${SEED})`, { timeout: 300_000 }, async () => {
    let backups = 0;
    let kills = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 40 }), async (acts) => {
        const history = new History();
        for (const step of acts) await history.perform(step);
        await history.perform({ act: 'backup', type: 'auto', to: 0, killAt: null });
        await history.perform({ act: 'backup', type: 'auto', to: 1, killAt: null });
        await history.check();
        expect(history.surprises).toEqual([]);
        backups += history.backups;
        kills += history.kills;
      }),
      { seed: SEED, numRuns: Math.ceil(60 * SCALE) },
    );
    console.info(`${Math.ceil(60 * SCALE)} histories: ${backups} backups, ${kills} kills, seed ${SEED}`);
    expect(kills).toBeGreaterThan(20);
  });
});
