import { expect, it } from 'vitest';
import { Fields } from '../bytes/fields.ts';
import { parseAttributeList } from './attribute-list.ts';

/** An entry of type 0x80 in record 40, with a name and its own number there. */
function entry(name: string, firstCluster: bigint, instance = 7): Buffer {
  const bytes = Buffer.alloc(Math.ceil((26 + name.length * 2) / 8) * 8);
  bytes.writeUInt32LE(0x80, 0);
  bytes.writeUInt16LE(bytes.byteLength, 4);
  bytes.writeUInt8(name.length, 6);
  bytes.writeUInt8(26, 7);
  bytes.writeBigUInt64LE(firstCluster, 8);
  bytes.writeBigUInt64LE((3n << 48n) | 40n, 16);
  bytes.writeUInt16LE(instance, 24);
  bytes.write(name, 26, 'utf16le');
  return bytes;
}

it('Entries are read with their names and places', () => {
  const place = { record: 40, sequence: 3 };
  expect(parseAttributeList(new Fields(Buffer.concat([entry('', 0n), entry('$I30', 9n, 8)])))).toEqual([
    { type: 0x80, name: '', firstCluster: 0, place, instance: 7 },
    { type: 0x80, name: '$I30', firstCluster: 9, place, instance: 8 },
  ]);
});

it.each<[string, (bytes: Buffer) => unknown]>([
  ['has no length', (bytes) => bytes.writeUInt16LE(0, 4)],
  ['is longer than its list', (bytes) => bytes.writeUInt16LE(64, 4)],
  ['has a name behind its end', (bytes) => bytes.writeUInt8(200, 6)],
  ['names a record that no table has', (bytes) => bytes.writeUInt16LE(1, 20)],
])('An entry that %s is damage', (_, change) => {
  const bytes = entry('$I30', 0n);
  change(bytes);
  expect(() => parseAttributeList(new Fields(bytes))).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
});

it('An attribute that is named twice is damage', () => {
  const bytes = Buffer.concat([entry('', 0n), entry('', 9n)]);
  expect(() => parseAttributeList(new Fields(bytes))).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
});
