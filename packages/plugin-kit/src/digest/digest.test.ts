import { describe, expect, it } from 'vitest';
import { loadBlake3 } from './blake3.ts';
import { createBlake3Stream } from './blake3-stream.ts';

/** BLAKE3 test vectors (BLAKE3-team/BLAKE3, test_vectors.json): input byte n is n mod 251. */
const VECTORS: readonly (readonly [length: number, digest: string])[] = [
  [0, 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
  [1, '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
  [1024, '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
];
const input = (length: number) => Uint8Array.from({ length }, (_, at) => at % 251);

describe('BLAKE3', () => {
  it.each(VECTORS)('gives the published digest of %i bytes', async (length, digest) => {
    const blake3 = await loadBlake3();
    expect(Buffer.from(blake3(input(length))).toString('hex')).toBe(digest);
  });

  it('gives each call its own bytes', async () => {
    const blake3 = await loadBlake3();
    const first = blake3(input(1));
    const copy = Uint8Array.from(first);
    blake3(input(2));
    expect(first).toEqual(copy);
  });

  it('digests in pieces as in one, and starts anew after each digest', async () => {
    const [blake3, stream, other] = [
      await loadBlake3(),
      await createBlake3Stream(),
      await createBlake3Stream(),
    ];
    const data = input(5000);
    for (let run = 0; run < 2; run += 1) {
      for (let at = 0; at < data.length; at += 700) {
        stream.update(data.subarray(at, at + 700));
        other.update(data.subarray(0, 1));
      }
      expect(stream.digest()).toEqual(blake3(data));
    }
  });
});
