import { Fields } from '../bytes/fields.ts';

/** The last two bytes of each such part are replaced by a number of the write, whatever the sectors of the disk are. */
const PART_BYTES = 512;
/** Behind magic, place and length of the sequence, and the number of the log. */
const LEAST_AT = 8;

/**
 * A record as it was before it was written: the ends of its parts are put back. `undefined` where they tell of different writes (the
 * record is torn), or the list of them lies elsewhere than it can.
 */
export function undoUpdateSequence(record: Uint8Array): Uint8Array | undefined {
  const parts = record.byteLength / PART_BYTES;
  const fields = new Fields(record);
  const [at, count] = [fields.u16(4), fields.u16(6)];
  if (count !== parts + 1 || at < LEAST_AT || at % 2 !== 0 || at + 2 * count > PART_BYTES - 2)
    return undefined;
  const written = fields.u16(at);
  const whole = Uint8Array.from(record);
  for (let part = 1; part <= parts; part += 1) {
    const end = part * PART_BYTES - 2;
    if (fields.u16(end) !== written) return undefined;
    whole.set(fields.slice(at + 2 * part, 2), end);
  }
  return whole;
}
