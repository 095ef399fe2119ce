import { seededInteger, seededRandom } from '@sendense/testkit';
import { testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { decodeName, encodeName } from './entry-name.ts';

/** Bytes at the edges of well-formed characters, which make most of the cases. */
const EDGES = [
  0x2f, 0x61, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe5, 0xed, 0xef, 0xf0, 0xf4,
  0xf5, 0xff,
];

describe('the text of a name', () => {
  it('gives its bytes back, whatever they are, and differs for names that differ', () => {
    const random = seededRandom(testSeed());
    const texts = new Map<string, string>();
    for (let round = 0; round < 50_000; round += 1) {
      const bytes = Buffer.from(
        Array.from(
          { length: 1 + seededInteger(random, 6) },
          () => EDGES[seededInteger(random, EDGES.length)] ?? 0,
        ),
      );
      const text = decodeName(bytes);
      expect(Buffer.from(encodeName(text)).equals(bytes), bytes.toString('hex')).toBe(true);
      expect(texts.get(text) ?? bytes.toString('hex')).toBe(bytes.toString('hex'));
      texts.set(text, bytes.toString('hex'));
    }
  });

  it('keeps the characters beside bytes that are none', () => {
    expect(decodeName(Buffer.concat([Buffer.from('aü文🗂'), Buffer.from([0xfc]), Buffer.from('é')]))).toBe(
      'aü文🗂\udcfcé',
    );
  });
});
