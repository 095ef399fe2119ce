import { expect, it } from 'vitest';
import { checkFeatures } from './features.ts';

it('Features that are read pass, those that are not are refused by their names', () => {
  expect(() => checkFeatures(0xfffn | (1n << 16n))).not.toThrow();
  expect(() => checkFeatures(1n << 13n)).toThrow('not read: extent_tree_v2');
  expect(() => checkFeatures((1n << 12n) | (1n << 14n) | (1n << 40n))).toThrow(
    'zoned, raid_stripe_tree, bit 40',
  );
});
