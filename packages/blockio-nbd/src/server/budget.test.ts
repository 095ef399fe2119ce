import { expect, it } from 'vitest';
import { Budget } from './budget.ts';

const never = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('hands out what is free, in the order of asking', async () => {
  const budget = new Budget(10);
  const first = await budget.take(8, never);
  const order: string[] = [];
  void budget.take(5, never).then(() => order.push('large'));
  void budget.take(1, never).then(() => order.push('small'));
  await turn();
  // The small one would fit, but would let the large one starve.
  expect(order).toEqual([]);
  first?.();
  await turn();
  expect(order).toEqual(['large', 'small']);
  expect(budget.taken).toBe(6);
});

it('takes back once, however often it is given', async () => {
  const budget = new Budget(10);
  const give = await budget.take(4, never);
  await budget.take(4, never);
  give?.();
  give?.();
  expect(budget.taken).toBe(4);
});

it('counts more than there is as all, so that nobody waits for ever', async () => {
  const budget = new Budget(10);
  await budget.take(100, never);
  expect(budget.taken).toBe(10);
});

it('lets who gives up leave the queue, and serves who stood behind', async () => {
  const budget = new Budget(10);
  await budget.take(5, never);
  const impatient = new AbortController();
  const large = budget.take(10, impatient.signal);
  const small = budget.take(5, never);
  impatient.abort();
  expect(await large).toBeUndefined();
  expect(await small).toBeTypeOf('function');
  expect(await budget.take(1, AbortSignal.abort())).toBeUndefined();
});
