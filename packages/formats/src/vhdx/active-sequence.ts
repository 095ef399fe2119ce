import { LOG_SECTOR_BYTES, type LogEntry, type LogRing, readLogEntry } from './log-entry.ts';

/**
 * The entries to replay, oldest first: of the valid sequences in the log the one whose newest entry has the highest number
 * ([MS-VHDX] 2.3.3). Empty when there is none.
 */
export async function activeSequence(ring: LogRing, guid: string): Promise<readonly LogEntry[]> {
  let active: readonly LogEntry[] = [];
  for (let tail = 0; tail < ring.length; ) {
    const entries = await sequenceFrom(ring, tail, guid);
    const bytes = entries.reduce((sum, { length }) => sum + length, 0);
    tail += Math.max(bytes, LOG_SECTOR_BYTES);
    const valid = withoutOlder(entries);
    if (numberOf(valid) > numberOf(active)) active = valid;
  }
  return active;
}

/** The entries from `tail` on that follow each other, in place and in number, once around the ring at most. */
async function sequenceFrom(ring: LogRing, tail: number, guid: string): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  let used = 0;
  while (used < ring.length) {
    const entry = await readLogEntry(ring, (tail + used) % ring.length, guid);
    const last = entries.at(-1);
    const follows = last === undefined || entry?.sequenceNumber === last.sequenceNumber + 1n;
    if (entry === undefined || !follows || used + entry.length > ring.length) break;
    entries.push(entry);
    used += entry.length;
  }
  return entries;
}

/** From the entry on that the newest one calls the oldest; nothing when that is not among them. */
function withoutOlder(entries: readonly LogEntry[]): readonly LogEntry[] {
  const newest = entries.at(-1);
  const first = entries.findIndex(({ at }) => at === newest?.tail);
  return first === -1 ? [] : entries.slice(first);
}

function numberOf(entries: readonly LogEntry[]): bigint {
  return entries.at(-1)?.sequenceNumber ?? 0n;
}
