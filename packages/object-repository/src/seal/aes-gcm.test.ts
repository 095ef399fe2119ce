import type * as crypto from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { decrypt, encrypt } from './aes-gcm.ts';

const drawn = vi.hoisted(() => ({ nonce: new Uint8Array() }));
vi.mock('node:crypto', async (original) => ({
  ...(await original<typeof crypto>()),
  randomBytes: () => Buffer.from(drawn.nonce),
}));

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const LONG = {
  key: bytes('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308'),
  nonce: bytes('cafebabefacedbaddecaf888'),
  content: bytes(
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255',
  ),
  encrypted: bytes(
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad',
  ),
};
const ZEROS = { key: new Uint8Array(32), nonce: new Uint8Array(12) };

/** McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", appendix B: the cases of 256-bit keys and 96-bit nonces. */
const CASES = [
  [13, { ...ZEROS, content: bytes(''), encrypted: bytes('') }, '', '530f8afbc74536b9a963b4f1c4cb738b'],
  [
    14,
    { ...ZEROS, content: new Uint8Array(16), encrypted: bytes('cea7403d4d606b6e074ec5d3baf39d18') },
    '',
    'd0d1c8a799996bf0265b98b5d48ab919',
  ],
  [15, LONG, '', 'b094dac5d93471bdec1a502270e3cc6c'],
  [
    16,
    { ...LONG, content: LONG.content.subarray(0, 60), encrypted: LONG.encrypted.subarray(0, 60) },
    'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    '76fc6ece0f4e1768cddf8853bb2d551b',
  ],
] as const;

describe.each(CASES)('AES-256-GCM, test case %i of its authors', (_number, sample, associated, tag) => {
  const { key, nonce, content, encrypted } = sample;
  const whole = Buffer.concat([nonce, encrypted, bytes(tag)]);

  it('is what a content is encrypted to', () => {
    drawn.nonce = nonce;
    expect(encrypt(key, content, bytes(associated)).toString('hex')).toBe(whole.toString('hex'));
  });

  it('is decrypted, and not with any bit of the tag or of what is authenticated beside it changed', () => {
    expect(decrypt(key, whole, bytes(associated)).equals(content)).toBe(true);
    for (let bit = 0; bit < 128; bit += 1) {
      const changed = Buffer.from(whole);
      const at = whole.byteLength - 16 + (bit >> 3);
      changed[at] = (changed[at] ?? 0) ^ (1 << (bit & 7));
      expect(() => decrypt(key, changed, bytes(associated)), `bit ${bit}`).toThrow('authenticate');
    }
    expect(() => decrypt(key, whole, bytes(`${associated}00`))).toThrow('authenticate');
  });
});
