import { expect, it } from 'vitest';
import { ZeroList } from './zero-list.ts';

it('joins runs of one move that touch, and no others', () => {
  const list = new ZeroList();
  list.add(0, 0, 4);
  list.add(0, 4, 4);
  list.add(0, 12, 4);
  list.add(1, 16, 4);
  expect([...list.packed()]).toEqual([0, 0, 8, 0, 12, 4, 1, 16, 4]);
});
