import { describe, expect, it } from 'vitest';
import { isZeroBytes } from './zero-bytes.ts';

describe('isZeroBytes', () => {
  it('sees a single byte at the start, in the middle and at the end', () => {
    const size = 2 * 1024 * 1024 + 5;
    expect(isZeroBytes(new Uint8Array(size))).toBe(true);
    for (const at of [0, 1, 1024 * 1024, size - 1]) {
      const data = new Uint8Array(size);
      data[at] = 1;
      expect(isZeroBytes(data), `byte ${at}`).toBe(false);
    }
  });

  it('looks at the given stretch alone', () => {
    const data = new Uint8Array([1, 0, 0, 2]);
    expect(isZeroBytes(data, 1, 3)).toBe(true);
    expect(isZeroBytes(data, 1, 4)).toBe(false);
  });

  it('calls nothing zeros', () => expect(isZeroBytes(new Uint8Array())).toBe(true));
});
