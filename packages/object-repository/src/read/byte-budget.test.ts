import { expect, it } from 'vitest';
import { ByteBudget } from './byte-budget.ts';

/** Work that ends when it is told to. */
function works(budget: ByteBudget) {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string, bytes: number) =>
    budget.run(bytes, async () => {
      started.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
    });
  return { started, run, end: (name: string) => ends.get(name)?.() };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('a budget starts what fits, in the order of asking', async () => {
  const { started, run, end } = works(new ByteBudget(10));
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
  const { started, run, end } = works(new ByteBudget(10));
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
  const budget = new ByteBudget(10);
  for (let time = 0; time < 3; time += 1)
    await expect(budget.run(10, () => Promise.reject(new Error('no answer')))).rejects.toThrow('no answer');
  expect(await budget.run(10, async () => 'done')).toBe('done');
});
