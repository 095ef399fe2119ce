import { describe, expect, it } from 'vitest';
import { deviceSize } from './device-size.ts';

const device = (sizeBytes: number) => {
  let reads = 0;
  return {
    read: async (_into: Uint8Array, position: number) => {
      reads++;
      return position < sizeBytes ? 1 : 0;
    },
    reads: () => reads,
  };
};

describe('deviceSize', () => {
  it.each([0, 512, 1024, 1536, 512 * 1023, 2 ** 30, 2 ** 30 + 512, 2 ** 44 + 512 * 7])(
    'finds the end of a device of %i bytes',
    async (sizeBytes) => {
      const handle = device(sizeBytes);
      expect(await deviceSize(handle)).toBe(sizeBytes);
      expect(handle.reads()).toBeLessThan(90);
    },
  );
});
