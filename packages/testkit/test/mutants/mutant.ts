import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { Runner } from '../../src/index.ts';

/** A plugin that breaks exactly one clause, and the case that must catch it. */
export type Mutant<Change> = {
  /** What the mutant does wrong. */
  readonly breaks: string;
  /** Name of the case that fails on it. */
  readonly caughtBy: string;
  readonly change: Change;
};

/** Registers a test for each mutant: the named case must fail on it, and for the reason of its clause. */
export function mutantTests<Change>(
  contract: string,
  mutants: readonly Mutant<Change>[],
  register: (runner: Runner, change: Change) => void,
): void {
  describe(`mutants of ${contract}`, () => {
    for (const { breaks, caughtBy, change } of mutants) {
      it(`catches one that ${breaks}`, async () => {
        const cases = collectCases((runner) => register(runner, change));
        const run = cases.get(caughtBy) ?? assert.fail(`there is no case "${caughtBy}"`);
        await assert.rejects(run(), (error: Error) => error.message.includes('violates '));
      });
    }
  });
}

function collectCases(register: (runner: Runner) => void): ReadonlyMap<string, () => Promise<void>> {
  const cases = new Map<string, () => Promise<void>>();
  register({
    describe: (_, body) => body(),
    it: (name, body) => {
      if (!cases.has(name)) cases.set(name, body);
    },
  });
  return cases;
}
