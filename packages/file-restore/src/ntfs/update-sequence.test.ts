import { expect, it } from 'vitest';
import { undoUpdateSequence } from './update-sequence.ts';

/** A record of two parts that write 3 left: their true ends are 0x1111 and 0x2222. */
function written(): Buffer {
  const record = Buffer.alloc(1024);
  record.writeUInt16LE(48, 4);
  record.writeUInt16LE(3, 6);
  for (const [index, value] of [3, 0x1111, 0x2222].entries()) record.writeUInt16LE(value, 48 + 2 * index);
  record.writeUInt16LE(3, 510);
  record.writeUInt16LE(3, 1022);
  return record;
}

it('The ends of the parts are put back, in a copy', () => {
  const record = written();
  const whole = Buffer.from(undoUpdateSequence(record) ?? []);
  expect([whole.readUInt16LE(510), whole.readUInt16LE(1022)]).toEqual([0x1111, 0x2222]);
  expect(record).toEqual(written());
});

it.each([
  ['of which one part is of another write', 1022, 2],
  ['whose list is too short for its parts', 6, 2],
  ['whose list is too long for its parts', 6, 4],
  ['whose list lies in an end', 4, 506],
  ['whose list lies behind it', 4, 2000],
  ['whose list lies in the magic', 4, 2],
  ['whose list lies at an odd place', 4, 49],
])('A record %s is none', (_, at, value) => {
  const record = written();
  record.writeUInt16LE(value, at);
  expect(undoUpdateSequence(record)).toBeUndefined();
});
