import { createCRC32 } from 'hash-wasm';
import { expect, it } from 'vitest';
import { crc32c, crc32cOfWord, crc32cWithout } from './crc32c.ts';

const BYTES = Uint8Array.from({ length: 100 }, (_, index) => (index * 37 + 11) % 256);

it('CRC-32C is that of RFC 3720, B.4', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a91_36aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8_ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd_794e);
});

it('CRC-32C of any length and place is that of another maker', async () => {
  const other = await createCRC32(0x82f6_3b78);
  for (let length = 0; length <= 40; length += 1)
    for (const at of [0, 1, 3]) {
      const bytes = BYTES.subarray(at, at + length);
      expect(crc32c(bytes)).toBe(Number.parseInt(other.init().update(bytes).digest(), 16));
    }
});

it('CRC-32C goes on from the bytes before, and counts the place of a checksum as zeros', () => {
  expect(crc32c(BYTES.subarray(13), crc32c(BYTES.subarray(0, 13)))).toBe(crc32c(BYTES));
  expect(crc32c(BYTES, crc32c(BYTES, 0, 0, 13), 13)).toBe(crc32c(BYTES));
  expect(crc32cOfWord(0xfedc_ba98, 77)).toBe(crc32c(Uint8Array.of(0x98, 0xba, 0xdc, 0xfe), 77));
  for (const length of [2, 4]) {
    const blanked = Uint8Array.from(BYTES).fill(0, 30, 30 + length);
    expect(crc32cWithout(BYTES, 30, length)).toBe(crc32c(blanked));
    expect(crc32cWithout(BYTES, 30, length, 0, 7, 60)).toBe(crc32c(blanked, 0, 7, 60));
    expect(crc32cWithout(BYTES.subarray(5), 25, length, crc32c(BYTES.subarray(0, 5)))).toBe(crc32c(blanked));
  }
});
