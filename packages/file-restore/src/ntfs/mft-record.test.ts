import { expect, it } from 'vitest';
import { parseMftRecord } from './mft-record.ts';

const RECORD = 40;

/** Record 40 of sequence 3, of a folder, with an empty value of type 0x10. */
function record(change: (bytes: Buffer) => unknown = () => undefined): Buffer {
  const bytes = Buffer.alloc(1024);
  bytes.write('FILE', 0, 'latin1');
  bytes.writeUInt16LE(48, 4);
  bytes.writeUInt16LE(3, 6);
  bytes.writeUInt16LE(3, 16);
  bytes.writeUInt16LE(56, 20);
  bytes.writeUInt16LE(3, 22);
  bytes.writeUInt32LE(88, 24);
  bytes.writeUInt32LE(RECORD, 0x2c);
  bytes.writeUInt32LE(0x10, 56);
  bytes.writeUInt32LE(24, 60);
  bytes.writeUInt16LE(24, 76);
  bytes.writeUInt32LE(0xffff_ffff, 80);
  change(bytes);
  return bytes;
}

it('A record tells what it is, and which attributes it has', () => {
  expect(parseMftRecord(RECORD, record())).toMatchObject({
    record: RECORD,
    sequence: 3,
    base: undefined,
    isFolder: true,
    attributes: [{ type: 0x10, name: '', isMapped: false }],
  });
  const part = record((bytes) => bytes.writeBigUInt64LE((5n << 48n) | 9n, 32));
  expect(parseMftRecord(RECORD, part).base).toEqual({ record: 9, sequence: 5 });
});

it('A record of before Windows XP, which tells no number, is read', () => {
  const old = record((bytes) => {
    bytes.writeUInt16LE(42, 4);
    bytes.fill(0, 42, 48);
  });
  expect(parseMftRecord(RECORD, old).sequence).toBe(3);
});

it.each<[string, (bytes: Buffer) => unknown]>([
  ['without its magic', (bytes) => bytes.write('BAAD', 0, 'latin1')],
  ['that was written in part', (bytes) => bytes.writeUInt16LE(9, 510)],
  ['that is not in use', (bytes) => bytes.writeUInt16LE(2, 22)],
  ['of another number', (bytes) => bytes.writeUInt32LE(RECORD + 1, 0x2c)],
  ['whose attributes begin in its head', (bytes) => bytes.writeUInt16LE(8, 20)],
  ['whose attributes end behind it', (bytes) => bytes.writeUInt32LE(1025, 24)],
  ['of a file that no table has', (bytes) => bytes.writeUInt16LE(1, 36)],
  ['with an attribute of no length', (bytes) => bytes.writeUInt32LE(0, 60)],
  ['with an attribute of an odd length', (bytes) => bytes.writeUInt32LE(25, 60)],
  ['with an attribute that is longer than the record', (bytes) => bytes.writeUInt32LE(2048, 60)],
  ['with a name that is longer than its attribute', (bytes) => bytes.writeUInt8(200, 65)],
  ['with a value that is longer than its attribute', (bytes) => bytes.writeUInt32LE(8, 72)],
  ['with a value of less than its head in clusters', (bytes) => bytes.writeUInt8(1, 64)],
])('A record %s is damage', (_, change) => {
  expect(() => parseMftRecord(RECORD, record(change))).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
});
