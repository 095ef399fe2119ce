import { describe, expect, it } from 'vitest';
import { roundUpSize, SIZE_RULES } from './size-rules.ts';

const MiB = 1024 * 1024;

describe('roundUpSize', () => {
  it('rounds up to what every rule takes, and never below the size', () => {
    expect(roundUpSize(1, [SIZE_RULES.raw])).toBe(1);
    expect(roundUpSize(1, [SIZE_RULES.vhd])).toBe(512);
    expect(roundUpSize(20 * MiB + 1, [SIZE_RULES.vhd, SIZE_RULES.azure])).toBe(21 * MiB);
    expect(roundUpSize(512, [SIZE_RULES.vhd, SIZE_RULES.azure])).toBe(20 * MiB);
    expect(roundUpSize(1024 * MiB + 512, [SIZE_RULES.raw, SIZE_RULES.aws])).toBe(2048 * MiB);
  });

  it('names the limit of a format that ends earlier', () => {
    const tooLarge = () => roundUpSize(2040 * 1024 * MiB + 1, [SIZE_RULES.vhd]);
    expect(tooLarge).toThrow('2190433320960 bytes is the most');
    expect(tooLarge).toThrow('too large for vhd');
    expect(roundUpSize(2040 * 1024 * MiB, [SIZE_RULES.vhd])).toBe(2_190_433_320_960);
  });
});
