import type { Fields } from '../bytes/fields.ts';

const MS_NS = 1_000_000n;
const QUARTER_HOUR_MS = 15 * 60_000;
/** Zones lie between 12 hours west and 13 hours east of Greenwich; what lies outside counts as none. */
const ZONE = { least: -48, most: 52 };
/** Bytes of a time of binary numbers, and of one in digits. */
export const SHORT_TIME_BYTES = 7;
export const LONG_TIME_BYTES = 17;

/** The time of a directory record (ECMA-119, 9.1.5) in nanoseconds since 1970, UTC; 0 where none is recorded. */
export function shortTimeNs(fields: Fields, at: number): bigint {
  const [month, day] = [fields.u8(at + 1), fields.u8(at + 2)];
  if (month === 0 || day === 0) return 0n;
  const clock = [fields.u8(at + 3), fields.u8(at + 4), fields.u8(at + 5)] as const;
  return inUtc(Date.UTC(1900 + fields.u8(at), month - 1, day, ...clock), fields.u8(at + 6));
}

/** A time in digits, to the hundredth of a second (ECMA-119, 8.4.26.1); 0 where none is recorded. */
export function longTimeNs(fields: Fields, at: number): bigint {
  const digits = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/u.exec(fields.text(at, LONG_TIME_BYTES - 1));
  const [year = 0, month = 0, day = 0, hour, minute, second, hundredths = 0] = (digits ?? [])
    .slice(1)
    .map(Number);
  if (month === 0 || day === 0) return 0n;
  const local = new Date(0);
  // years before 100 are what they say
  local.setUTCFullYear(year, month - 1, day);
  local.setUTCHours(hour ?? 0, minute, second, hundredths * 10);
  return inUtc(local.getTime(), fields.u8(at + LONG_TIME_BYTES - 1));
}

/** Zones are bytes with a sign, in quarters of an hour east of Greenwich. */
function inUtc(localMs: number, zoneByte: number): bigint {
  const zone = (zoneByte << 24) >> 24;
  const isZone = zone >= ZONE.least && zone <= ZONE.most;
  return BigInt(localMs - (isZone ? zone * QUARTER_HOUR_MS : 0)) * MS_NS;
}
