import { createHash } from 'node:crypto';
import { SendenseError } from '@sendense/core';

/** The longest name of an export: REP-6 says fewer than 64 characters. */
export const MAX_NAME_LENGTH = 63;
/** Hexadecimal digits of the digest behind a context id that was shortened: 48 bits. */
const DIGEST_LENGTH = 12;
/** Ids of these characters stand as they are. `_` is left out: it marks the ones that were shortened. */
const PLAIN = /^[A-Za-z0-9.-]+$/;
/** The years that have four digits. (`Date.UTC` takes years below 100 for those of 1900 and on.) */
const YEARS_MS = {
  first: Date.parse('0000-01-01T00:00:00.000Z'),
  last: Date.parse('9999-12-31T23:59:59.999Z'),
};

/** A disk of a recovery point, as its export is named. */
export type NamedDisk = {
  /** What the machine is known by: any text. */
  readonly contextId: string;
  /** The N of `disk-N`. */
  readonly disk: number;
  readonly kind: 'full' | 'incr';
  /** The instant of the point; named in UTC, to the second. */
  readonly at: Date;
  /** Tells points of one second apart. */
  readonly pointId: string;
};

/**
 * The name of an export: `backup-{contextId}-disk{n}-{full|incr}-{YYYYMMDDTHHMMSS}`, 63 characters at most, all of them
 * letters, digits, `.`, `-` and `_`. A context id that is too long, or has other characters, is shortened to what fits of it
 * and a digest of the whole, so that two ids never get one name; a name that `isTaken` gets the digest of the point as well.
 * Throws `RANGE_INVALID` for a disk number that is none and an instant outside the years 0 to 9999.
 */
export function exportName(named: NamedDisk, isTaken: (name: string) => boolean = () => false): string {
  const tail = tailOf(named);
  const room = MAX_NAME_LENGTH - 'backup-'.length - tail.length;
  const { contextId, pointId } = named;
  const plain = PLAIN.test(contextId) && contextId.length <= room ? contextId : shorten(contextId, [], room);
  for (let attempt = 0, id = plain; ; attempt += 1) {
    const name = `backup-${id}${tail}`;
    if (!isTaken(name)) return name;
    id = shorten(contextId, [pointId, String(attempt)], room);
  }
}

function tailOf({ disk, kind, at }: NamedDisk): string {
  const ms = at.getTime();
  if (!Number.isInteger(disk) || disk < 0 || disk > 0xffff_ffff) throw invalid('the number of its disk');
  if (!(ms >= YEARS_MS.first && ms <= YEARS_MS.last)) throw invalid('the instant of its point');
  const text = at.toISOString();
  const stamp = `${text.slice(0, 10).replaceAll('-', '')}T${text.slice(11, 19).replaceAll(':', '')}`;
  return `-disk${disk}-${kind}-${stamp}`;
}

/** As much of the id as fits before a digest of all that tells the export apart. */
function shorten(contextId: string, more: readonly string[], room: number): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([contextId, ...more]))
    .digest('hex');
  const kept = contextId.replaceAll(/[^A-Za-z0-9.-]/g, '-').slice(0, room - DIGEST_LENGTH - 1);
  return `${kept}_${digest.slice(0, DIGEST_LENGTH)}`;
}

function invalid(what: string): SendenseError {
  return new SendenseError('RANGE_INVALID', `an export cannot be named: ${what} is out of range`, {
    operation: 'name-export',
  });
}
