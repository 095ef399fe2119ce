import { type Call, SendenseError } from '@sendense/core';
import type { DirectoryRecord } from './directory-record.ts';
import type { IsoVolume, SharingProtocol } from './iso-volume.ts';
import { type SystemUseEntry, systemUseEntries } from './system-use.ts';

/** Bytes that discs with CD-ROM XA keep before what is shared. */
const XA_BYTES = 14;
/** How Rock Ridge called itself: the first paper, its drafts, the standard. */
const ROCK_RIDGE: ReadonlySet<string> = new Set(['RRIP_1991A', 'IEEE_P1282', 'IEEE_1282']);

/** How a volume keeps Rock Ridge, by the record that its root has of itself; `undefined`: it has none. */
export async function findRockRidge(
  volume: Pick<IsoVolume, 'source' | 'blockBytes'>,
  { systemUse }: DirectoryRecord,
  call?: Call,
): Promise<SharingProtocol | undefined> {
  for (const begin of [0, XA_BYTES]) {
    const area = systemUse.subarray(begin);
    if (!isShared(area)) continue;
    const entries = await entriesUpToDamage(volume, area, call);
    const extensions = entries.filter(({ signature }) => signature === 'ER').map(identifierOf);
    const rockRidge = extensions.findIndex((identifier) => ROCK_RIDGE.has(identifier));
    // early discs say nothing but what they hold
    if (rockRidge === -1 && !entries.some(({ signature }) => signature === 'PX')) return undefined;
    return { skippedBytes: area[6] ?? 0, rootSkippedBytes: begin, rockRidge: Math.max(0, rockRidge) };
  }
  return undefined;
}

/** "SP", its length and version, and the two bytes by which it is known. */
function isShared(area: Uint8Array): boolean {
  return (
    area.byteLength >= 7 &&
    Buffer.from(area.subarray(0, 6)).equals(Buffer.from('SP\x07\x01\xbe\xef', 'latin1'))
  );
}

/** Whoever lists the root is told of the damage. */
async function entriesUpToDamage(
  volume: Pick<IsoVolume, 'source' | 'blockBytes'>,
  area: Uint8Array,
  call: Call | undefined,
): Promise<SystemUseEntry[]> {
  const entries: SystemUseEntry[] = [];
  try {
    for await (const entry of systemUseEntries(volume, area, call)) entries.push(entry);
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
  }
  return entries;
}

function identifierOf({ data }: SystemUseEntry): string {
  return data.bytes.byteLength < 4 ? '' : data.text(4, data.u8(0));
}
