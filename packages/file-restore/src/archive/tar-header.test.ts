import { describe, expect, it } from 'vitest';
import { decodeName } from '../paths/entry-name.ts';
import { encodeHeader, type TarEntry } from './tar-header.ts';

const FILE: TarEntry = {
  type: '0',
  path: 'file',
  sizeBytes: 5,
  mode: 0o640,
  uid: 7,
  gid: 8,
  mtimeNs: 9_000_000_000n,
};

describe('the header of an archive entry', () => {
  it('is one block, as tar programs have read it since 1988, when everything fits', () => {
    const block = Buffer.from(encodeHeader(FILE));
    expect(block.byteLength).toBe(512);
    expect(block.toString('latin1', 0, 5)).toBe('file\0');
    expect(block.toString('latin1', 100, 108)).toBe('0000640\0');
    expect(block.toString('latin1', 124, 136)).toBe('00000000005\0');
    expect(block.toString('latin1', 257, 265)).toBe('ustar\x0000');
    const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
    expect(Number.parseInt(block.toString('latin1', 148, 154), 8)).toBe(sum);
  });

  it('says in an extended header what does not fit: long names, 8 GiB and more, large ids, parts of a second', () => {
    const path = `folder/${'x'.repeat(200)}`;
    const big = { ...FILE, path, sizeBytes: 8 * 2 ** 30, uid: 2 ** 31, mtimeNs: -1_500_000_000n };
    expect(recordsOf(big)).toEqual({ path, size: '8589934592', uid: '2147483648', mtime: '-1.5' });
    expect(recordsOf({ ...FILE, mtimeNs: 1_000_000_001n })).toEqual({ mtime: '1.000000001' });
  });

  it('keeps names that are no UTF-8, and says that they are bytes', () => {
    const name = Buffer.from([0x61, 0xfc]);
    const header = Buffer.from(encodeHeader({ ...FILE, path: decodeName(name) }));
    expect(header.includes(Buffer.concat([Buffer.from('path='), name]))).toBe(true);
    expect(header.includes('hdrcharset=BINARY')).toBe(true);
  });

  it('counts the digits of a record in its length', () => {
    for (const length of [85, 86, 87, 88, 89, 90, 91, 92, 93, 985, 986, 987, 988, 989, 990, 991]) {
      const path = 'é'.repeat(Math.floor(length / 2)) + (length % 2 === 1 ? 'x' : '');
      expect(recordsOf({ ...FILE, path })).toEqual({ path });
    }
  });
});

/** The records of the extended header, read by their lengths. */
function recordsOf(entry: TarEntry): Record<string, string> {
  const header = Buffer.from(encodeHeader(entry));
  const length = Number.parseInt(header.toString('latin1', 124, 135), 8);
  const records: Record<string, string> = {};
  for (let at = 512; at < 512 + length; ) {
    const space = header.indexOf(' ', at);
    const end = at + Number(header.toString('latin1', at, space));
    const [key = '', value = ''] = header.toString('utf8', space + 1, end - 1).split('=');
    expect(header[end - 1]).toBe(10);
    records[key] = value;
    at = end;
  }
  return records;
}
