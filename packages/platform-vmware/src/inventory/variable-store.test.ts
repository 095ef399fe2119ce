import { variableStore } from '@sendense/tests/vmware';
import { describe, expect, it } from 'vitest';
import { isVariableStore } from './variable-store.ts';

/** Bytes without a form. */
const NOISE = Uint8Array.from(
  { length: 264 * 1024 },
  (_, index) => (Math.imul(index, 2_654_435_761) >>> 11) & 255,
);

describe('a file of UEFI variables', () => {
  it('is known by its region, also inside another buffer', () => {
    const store = variableStore(1);
    expect(isVariableStore(store)).toBe(true);
    const larger = new Uint8Array(store.byteLength + 64);
    larger.set(store, 32);
    expect(isVariableStore(larger.subarray(32, 32 + store.byteLength))).toBe(true);
  });

  it.each([
    ['of random bytes, as an encrypted one', NOISE],
    ['that is empty', new Uint8Array()],
    ['that ends within its header', Buffer.from('MRVN____VMWNVRAM____')],
    ['that was cut', variableStore(1).subarray(0, 9000)],
    [
      'of another hypervisor',
      Buffer.concat([Buffer.alloc(40), Buffer.from('_FVH'), Buffer.alloc(1000, 0xff)]),
    ],
  ])('is none %s', (_which, bytes) => {
    expect(isVariableStore(bytes)).toBe(false);
  });
});
