import { expect, it } from 'vitest';
import { exportLimits } from './export-limits.ts';

const MIB = 1024 * 1024;

it('keeps to the sizes that a server names, within what all servers take', () => {
  expect(exportLimits({ minBytes: 1, preferredBytes: 65_536, maxBytes: 2 * MIB })).toEqual({
    minBytes: 1,
    preferredBytes: 65_536,
    maxBytes: 2 * MIB,
  });
  const unlimited = { minBytes: 512, preferredBytes: 4096, maxBytes: 0xffffffff };
  expect(exportLimits(unlimited).maxBytes).toBe(32 * MIB);
});

it('keeps to whole sectors where a server names no sizes', () => {
  expect(exportLimits()).toEqual({ minBytes: 512, preferredBytes: 4096, maxBytes: 32 * MIB });
});
