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

/** Work that ends when it is told to. */
function works(budget: Budget) {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string, bytes: number) =>
    budget.run(bytes, async () => {
      started.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
    });
  return { started, run, end: (name: string) => ends.get(name)?.() };
}

it('a budget starts what fits, in the order of asking', async () => {
  const { started, run, end } = works(new Budget(10));
  const all = [run('a', 6), run('b', 4), run('c', 5), run('d', 1)];
  await turn();
  expect(started).toEqual(['a', 'b']);
  end('b');
  await turn();
  expect(started).toEqual(['a', 'b']); // c does not fit, and d waits behind it
  end('a');
  await turn();
  expect(started).toEqual(['a', 'b', 'c', 'd']);
  end('c');
  end('d');
  await Promise.all(all);
});

it('a budget runs what is more than all of it alone', async () => {
  const { started, run, end } = works(new Budget(10));
  const all = [run('small', 1), run('huge', 50), run('next', 1)];
  await turn();
  expect(started).toEqual(['small']);
  end('small');
  await turn();
  expect(started).toEqual(['small', 'huge']);
  end('huge');
  await turn();
  expect(started).toEqual(['small', 'huge', 'next']);
  end('next');
  await Promise.all(all);
});

it('a budget has the bytes of failed work again', async () => {
  const budget = new Budget(10);
  for (let time = 0; time < 3; time += 1)
    await expect(budget.run(10, () => Promise.reject(new Error('no answer')))).rejects.toThrow('no answer');
  expect(await budget.run(10, async () => 'done')).toBe('done');
});
