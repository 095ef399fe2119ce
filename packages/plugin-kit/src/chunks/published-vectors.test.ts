import type * as crypto from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { decodeBody } from './chunk-body.ts';
import { openBody, sealBody } from './seal-body.ts';

const drawn = vi.hoisted(() => ({ nonce: new Uint8Array() }));
vi.mock('node:crypto', async (original) => ({
  ...(await original<typeof crypto>()),
  randomBytes: () => Buffer.from(drawn.nonce),
}));

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const hex = (some: Uint8Array) => Buffer.from(some).toString('hex');
const ZERO_KEY = '00'.repeat(32);
const ZERO_NONCE = '00'.repeat(12);

/** McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", appendix B: 256-bit keys, nothing authenticated beside the content. */
const GCM = [
  [13, ZERO_KEY, ZERO_NONCE, '', '', '530f8afbc74536b9a963b4f1c4cb738b'],
  [
    14,
    ZERO_KEY,
    ZERO_NONCE,
    '00'.repeat(16),
    'cea7403d4d606b6e074ec5d3baf39d18',
    'd0d1c8a799996bf0265b98b5d48ab919',
  ],
  [
    15,
    'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
    'cafebabefacedbaddecaf888',
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255',
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad',
    'b094dac5d93471bdec1a502270e3cc6c',
  ],
] as const;

it.each(GCM)(
  'a frame is sealed and opened as AES-256-GCM, test case %i of its authors',
  (_number, key, nonce, content, encrypted, tag) => {
    drawn.nonce = bytes(nonce);
    expect(hex(sealBody(bytes(content), bytes(key)))).toBe(nonce + encrypted + tag);
    expect(hex(openBody(bytes(nonce + encrypted + tag), bytes(key)))).toBe(content);
  },
);

describe('a body', () => {
  /** facebook/zstd, tests/golden-decompression: frames that its authors keep for decoders. */
  const ZSTD = [
    ['empty-block', '28b52ffd00001500000000', Buffer.alloc(0)],
    [
      'rle-first-block',
      '28b52ffda4000010000200100002001000020010000200100002001000020010000200100003001000f13e16e1',
      Buffer.alloc(2 ** 20),
    ],
    ['zeroSeq_2B', '28b52ffd00008500006848656c6c6f20576f726c64210a8000', Buffer.from('Hello World!\n')],
  ] as const;

  it.each(ZSTD)('of the zstd frame %s is what its authors say', async (_name, frame, content) => {
    const body = Buffer.concat([Uint8Array.of(1), bytes(frame)]);
    expect(Buffer.compare(await decodeBody(body, 2 ** 20), content)).toBe(0);
  });
});
