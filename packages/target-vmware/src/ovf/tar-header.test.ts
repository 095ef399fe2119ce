import { describe, expect, it } from 'vitest';
import { MAX_USTAR_BYTES, tarBlocks, tarHeader, tarSize } from './tar-header.ts';

const text = (header: Uint8Array, from: number, to: number) =>
  Buffer.from(header.subarray(from, to)).toString('latin1');

describe('the header of a file in an archive', () => {
  it('has name, mode, size, time and sum where USTAR has them', () => {
    const header = tarHeader('web.ovf', 0o1234, 1_700_000_000_999);
    expect(text(header, 0, 8)).toBe('web.ovf\0');
    expect(text(header, 100, 108)).toBe('0000644\0');
    expect(text(header, 124, 136)).toBe('00000001234\0');
    expect(text(header, 136, 148)).toBe(`${(1_700_000_000).toString(8).padStart(11, '0')}\0`);
    expect(text(header, 156, 157)).toBe('0');
    expect(text(header, 257, 265)).toBe('ustar\u000000');
    const plain = header.slice().fill(0x20, 148, 156);
    const sum = plain.reduce((total, byte) => total + byte, 0);
    expect(text(header, 148, 156)).toBe(`${sum.toString(8).padStart(6, '0')}\0 `);
  });

  it('tells sizes from 8 GiB on in binary', () => {
    expect(text(tarHeader('a', MAX_USTAR_BYTES, 0), 124, 136)).toBe('77777777777\0');
    const large = tarHeader('a', MAX_USTAR_BYTES + 1, 0);
    expect([...large.subarray(124, 136)]).toEqual([0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
  });
});

describe('the size of an archive', () => {
  it('is whole blocks of content, and whole records with two blocks of zeros at the end', () => {
    expect([0, 1, 512, 513].map(tarBlocks)).toEqual([0, 512, 512, 1024]);
    expect([0, 9216, 9728].map(tarSize)).toEqual([10_240, 10_240, 20_480]);
  });
});
