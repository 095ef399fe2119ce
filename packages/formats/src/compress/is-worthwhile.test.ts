import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { seededBytes } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { isWorthwhile } from './is-worthwhile.ts';

const BLOCK_BYTES = 65_536;

describe('isWorthwhile', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('says no of random bytes (seed %i) and of what zlib made', (seed) => {
    expect(isWorthwhile(seededBytes(seed, BLOCK_BYTES))).toBe(false);
    const digits = Buffer.from(seededBytes(seed, 4 * BLOCK_BYTES)).toString('hex');
    expect(isWorthwhile(deflateSync(digits).subarray(0, BLOCK_BYTES))).toBe(false);
  });

  it('says yes of bytes that are not equally frequent', () => {
    const base64 = Buffer.from(Buffer.from(seededBytes(9, BLOCK_BYTES)).toString('base64')).subarray(
      0,
      BLOCK_BYTES,
    );
    expect(isWorthwhile(base64)).toBe(true);
  });

  it('says yes of random bytes that come again', () => {
    expect(isWorthwhile(Buffer.alloc(BLOCK_BYTES, seededBytes(10, 512)))).toBe(true);
  });

  it('says yes of less than it looks at', () => {
    expect(isWorthwhile(randomBytes(512))).toBe(true);
  });
});
