import { expect, it } from 'vitest';
import { loadKeyedBlake3 } from './keyed-blake3.ts';

/** BLAKE3 test vectors (BLAKE3-team/BLAKE3, test_vectors.json) of the keyed mode, with the key they state. */
const KEY = new TextEncoder().encode('whats the Elvish word for friend');
const EMPTY = '92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

it('gives the published digest of the keyed mode, call after call', async () => {
  const blake3 = await loadKeyedBlake3(KEY);
  expect(hex(blake3(new Uint8Array()))).toBe(EMPTY);
  expect(hex(blake3(Uint8Array.of(1)))).not.toBe(EMPTY);
  expect(hex(blake3(new Uint8Array()))).toBe(EMPTY);
});

it('keeps two keys apart', async () => {
  const other = await loadKeyedBlake3(new Uint8Array(32));
  const blake3 = await loadKeyedBlake3(KEY);
  expect(hex(other(Uint8Array.of(1)))).not.toBe(hex(blake3(Uint8Array.of(1))));
});
