import { describe, expect, it } from 'vitest';
import { createSealer, SEAL_BYTES } from './seal.ts';

const KEY = Buffer.alloc(32, 3);
const sealer = createSealer(KEY, 'repository');
const content = Buffer.from('content');
const sealed = sealer.seal('point', 'points/a', content);

describe('a sealed object', () => {
  it('opens as what it was sealed, and is never sealed twice alike', () => {
    expect(sealer.open('point', 'points/a', sealed)).toEqual(content);
    expect(sealed.byteLength).toBe(content.byteLength + SEAL_BYTES);
    expect(sealer.seal('point', 'points/a', content)).not.toEqual(sealed);
  });

  it('that was sealed by version 1 of the format opens for ever', () => {
    const known = '534e444f01010000fd8049d0ef46c3fe2d6ef0161c3a41ae450175aff2603b241bcce092009944314a4b64';
    expect(sealer.open('point', 'points/a', Buffer.from(known, 'hex'))).toEqual(content);
  });

  it('is refused under another name, as another kind, in another repository, with another key', () => {
    const others = [
      () => sealer.open('point', 'points/b', sealed),
      () => sealer.open('plan', 'points/a', sealed),
      () => createSealer(KEY, 'another').open('point', 'points/a', sealed),
      () => createSealer(Buffer.alloc(32, 4), 'repository').open('point', 'points/a', sealed),
    ];
    for (const open of others) expect(open).toThrow(/points|sealed/);
  });

  it('is refused with any bit flipped, and with any end cut off', () => {
    for (let bit = 0; bit < sealed.byteLength * 8; bit += 1) {
      const flipped = Uint8Array.from(sealed);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => sealer.open('point', 'points/a', flipped), `bit ${bit}`).toThrow('points/a');
    }
    for (let length = 0; length < sealed.byteLength; length += 1)
      expect(() => sealer.open('point', 'points/a', sealed.subarray(0, length))).toThrow('points/a');
  });
});
