const MS_NS = 1_000_000n;
const QUARTER_HOUR_MS = 15 * 60_000;
const OFFSET_VALID = 0x80;

/** A time as an entry keeps it: two seconds exact, the rest in steps of 10 ms, and the zone of the machine. */
export type Timestamp = { readonly stamp: number; readonly tens: number; readonly zone: number };

/**
 * Nanoseconds since 1970, UTC ("exFAT file system specification", 7.4.8 to 7.4.10). A time without its zone counts as UTC; none is 0.
 */
export function timestampNs({ stamp, tens, zone }: Timestamp): bigint {
  if (stamp === 0) return 0n;
  const [year, month, day] = [1980 + (stamp >>> 25), ((stamp >>> 21) & 15) - 1, (stamp >>> 16) & 31];
  const local = Date.UTC(year, month, day, (stamp >>> 11) & 31, (stamp >>> 5) & 63, (stamp & 31) * 2);
  // seven bits with a sign, in quarters of an hour
  const quarters = (zone & OFFSET_VALID) === 0 ? 0 : ((zone & 0x7f) ^ 0x40) - 0x40;
  return BigInt(local + tens * 10 - quarters * QUARTER_HOUR_MS) * MS_NS;
}
