import { setImmediate } from 'node:timers';
import { expect, it } from 'vitest';
import type { ByteSource } from '../bytes/byte-source.ts';
import { ATTRIBUTE } from './attribute.ts';
import { MasterFileTable } from './master-file-table.ts';

const RECORD = 1024;
const RECORDS = 2000;
const TABLE_CLUSTER = 4;
const END = Buffer.from('ffffffff00000000', 'hex');

/** The data of the table: one run of clusters, each of which is a record. */
function tableData(): Buffer {
  const data = Buffer.alloc(72);
  data.writeUInt32LE(ATTRIBUTE.data, 0);
  data.writeUInt32LE(data.byteLength, 4);
  data.writeUInt8(1, 8);
  data.writeBigUInt64LE(BigInt(RECORDS - 1), 24);
  data.writeUInt16LE(64, 32);
  for (const at of [40, 48, 56]) data.writeBigUInt64LE(BigInt(RECORDS * RECORD), at);
  data.writeUInt8(0x22, 64);
  data.writeUInt16LE(RECORDS, 65);
  data.writeInt16LE(TABLE_CLUSTER, 67);
  return data;
}

function record(number: number): Buffer {
  const bytes = Buffer.alloc(RECORD);
  const attributes = Buffer.concat([...(number === 0 ? [tableData()] : []), END]);
  bytes.write('FILE', 0, 'latin1');
  for (const [at, value] of [
    [4, 48],
    [6, 3],
    [16, 1],
    [20, 56],
    [22, 1],
    [24, 56 + attributes.byteLength],
    [0x2c, number],
  ] as const)
    bytes.writeUInt16LE(value, at);
  bytes.set(attributes, 56);
  return bytes;
}

it('Others get their turn while many records are read that are in memory', async () => {
  const bytes = Buffer.concat([
    Buffer.alloc(TABLE_CLUSTER * RECORD),
    ...Array.from({ length: RECORDS }, (_, number) => record(number)),
  ]);
  const source: ByteSource = {
    sizeBytes: bytes.byteLength,
    read: (offset, into) => {
      into.set(bytes.subarray(offset, offset + into.byteLength));
      return Promise.resolve();
    },
  };
  const table = await MasterFileTable.open(source, {
    serial: '',
    clusterBytes: RECORD,
    clusters: TABLE_CLUSTER + RECORDS,
    recordBytes: RECORD,
    tableCluster: TABLE_CLUSTER,
    mirrorCluster: TABLE_CLUSTER,
  });
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  for (let number = 1; number < RECORDS; number += 1)
    expect((await table.file({ record: number, sequence: 1 })).record.record).toBe(number);
  isDone = true;
  expect(turns).toBeGreaterThanOrEqual(Math.floor(RECORDS / 256));
});
