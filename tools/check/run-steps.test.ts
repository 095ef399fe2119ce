import { expect, test } from 'vitest';
import { runSteps } from './run-steps.ts';
import type { Step } from './step.ts';

const ignore = () => undefined;
const step = (name: string, ok = true, after: string[] = []): Step => ({
  name,
  after,
  run: () => Promise.resolve({ ok, output: name }),
});
const states = async (steps: Step[]) =>
  (await runSteps(steps, 2, ignore)).map(({ name, state }) => `${name} ${state}`);

test('a failing step does not stop the ones that do not need it', async () => {
  expect(await states([step('a', false), step('b')])).toEqual(['a failed', 'b passed']);
});

test('what follows a failed step is not run', async () => {
  const chain = [step('a', false), step('b', true, ['a']), step('c', true, ['b']), step('d')];
  expect(await states(chain)).toEqual(['a failed', 'b not run', 'c not run', 'd passed']);
});

test('at most the given number of steps is under way', async () => {
  let underWay = 0;
  let most = 0;
  const busy = (name: string): Step => ({
    name,
    run: async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise(setImmediate);
      underWay -= 1;
      return { ok: true, output: '' };
    },
  });
  await runSteps(['a', 'b', 'c', 'd', 'e'].map(busy), 2, ignore);
  expect(most).toBe(2);
});

test('a step that throws has failed', async () => {
  const broken = { name: 'a', run: () => Promise.reject(new Error('gone')) };
  expect(await runSteps([broken], 2, ignore)).toMatchObject([{ state: 'failed', output: 'Error: gone' }]);
});

test('steps that wait for each other are an error, not a hang', async () => {
  await expect(runSteps([step('a', true, ['b']), step('b', true, ['a'])], 2, ignore)).rejects.toThrow(
    'wait for',
  );
});
