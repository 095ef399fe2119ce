import { expect, it } from 'vitest';
import { NameSet } from './name-set.ts';

const NAMES = Array.from({ length: 5000 }, (_, index) => `name ${index}`);

it('Names are new once, however many there are', () => {
  const names = new NameSet();
  expect(NAMES.map((name) => names.add(name))).toEqual(NAMES.map(() => true));
  expect(names.size).toBe(NAMES.length);
  expect(NAMES.map((name) => names.has(name))).toEqual(NAMES.map(() => true));
  expect(NAMES.map((name) => names.add(name))).toEqual(NAMES.map(() => false));
  expect(names.size).toBe(NAMES.length);
  expect(NAMES.filter((name) => names.has(`${name}.`))).toEqual([]);
});

it('Names that are bytes of no text are as different as their bytes', () => {
  const names = new NameSet();
  expect(['\udc80', '\udc81', '\ufffd', '\udc80\udc80'].map((name) => names.add(name))).toEqual([
    true,
    true,
    true,
    true,
  ]);
});
