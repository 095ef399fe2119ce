import type { Call } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';
import type { FileStat } from '../file-system-reader.ts';
import { decodeName } from '../paths/entry-name.ts';
import { bothU32 } from './both-endian.ts';
import type { DirectoryRecord } from './directory-record.ts';
import type { IsoVolume } from './iso-volume.ts';
import { LinkTarget } from './link-target.ts';
import { type SystemUseEntry, systemUseEntries } from './system-use.ts';
import { LONG_TIME_BYTES, longTimeNs, SHORT_TIME_BYTES, shortTimeNs } from './timestamp.ts';
import { parseZisofs, type Zisofs } from './zisofs-header.ts';

// Layout: "Rock Ridge Interchange Protocol" 1.12 (IEEE P1282), 4.1.
/** A name goes on in the next entry: the one flag of a name that has a text of its own. */
const NAME_CONTINUES = 1;
/** Longer ones no system of POSIX keeps. */
const MOST_NAME_BYTES = 255;
const TIME_FLAG = { modified: 2, accessed: 4, changed: 8, long: 0x80 };
/** Kinds of times, in the order in which those that are there follow each other. */
const TIME_KINDS = 7;

/** What POSIX asks of a file. */
type Posix = Pick<FileStat, 'mode' | 'links' | 'uid' | 'gid'> & {
  /** What names of one file share; not all discs have it. */
  readonly serial: number | undefined;
};

/** What Rock Ridge tells of a file; what is absent it does not tell. */
export type RockRidge = {
  name?: string;
  posix?: Posix;
  device?: NonNullable<FileStat['device']>;
  link?: LinkTarget;
  mtimeNs?: bigint;
  atimeNs?: bigint;
  ctimeNs?: bigint;
  /** The block where the folder begins for which this record stands. */
  childBlock?: number;
  /** The folder belongs elsewhere: a record there stands for it. */
  isMoved?: true;
  zisofs?: Zisofs;
  isSparse?: true;
};

/** Reads what Rock Ridge tells in a record, or that its volume has none. Rejects with `CORRUPT`. */
export async function readRockRidge(
  volume: IsoVolume,
  record: DirectoryRecord,
  call?: Call,
): Promise<RockRidge> {
  if (volume.form !== 'rock-ridge') return {};
  const { skippedBytes, rootSkippedBytes, rockRidge } = volume.sharing;
  const skipped = record.at === volume.rootAt ? rootSkippedBytes : skippedBytes;
  const found: RockRidge = {};
  let name: Uint8Array = new Uint8Array();
  let extension = rockRidge;
  for await (const entry of systemUseEntries(volume, record.systemUse.subarray(skipped), call)) {
    if (entry.signature === 'ES') extension = firstByte(entry);
    else if (extension !== rockRidge) continue;
    else if (entry.signature === 'NM') name = longerName(name, entry.data);
    else takeEntry(found, entry);
  }
  if (name.byteLength > 0) found.name = decodeName(name);
  return found;
}

/** Takes in an entry; one that is cut off throws `CORRUPT`, one that is not known is passed over. */
function takeEntry(found: RockRidge, entry: SystemUseEntry): void {
  const { signature, data } = entry;
  const take = TAKEN[signature];
  if (take === undefined) return;
  if (data.bytes.byteLength < take.leastBytes)
    throw damaged(`an entry ${signature} of Rock Ridge is cut off`, { signature });
  take.into(found, data, entry.version);
}

type Taken = {
  /** Behind the head of the entry. */
  readonly leastBytes: number;
  readonly into: (found: RockRidge, data: Fields, version: number) => void;
};

const TAKEN: Readonly<Record<string, Taken>> = {
  PX: { leastBytes: 32, into: takePosix },
  PN: { leastBytes: 16, into: takeDevice },
  SL: { leastBytes: 1, into: takeLink },
  TF: { leastBytes: 1, into: takeTimes },
  CL: {
    leastBytes: 8,
    into(found, data) {
      found.childBlock = bothU32(data, 0);
    },
  },
  RE: {
    leastBytes: 0,
    into(found) {
      found.isMoved = true;
    },
  },
  SF: {
    leastBytes: 0,
    into(found) {
      found.isSparse = true;
    },
  },
  ZF: { leastBytes: 12, into: takeZisofs },
  Z2: { leastBytes: 12, into: takeZisofs },
};

/** The name with what an entry adds to it: none for the folder itself, the one above and what is not known. Throws `CORRUPT`. */
function longerName(name: Uint8Array, data: Fields): Uint8Array {
  const [flags = 0] = data.bytes;
  const text = data.bytes.subarray(1);
  if (text.byteLength === 0 || (flags & ~NAME_CONTINUES) !== 0) return name;
  if (name.byteLength + text.byteLength > MOST_NAME_BYTES)
    throw damaged('a name of Rock Ridge is longer than any can be');
  return Buffer.concat([name, text]);
}

function takePosix(found: RockRidge, data: Fields): void {
  const [mode, links, uid, gid] = [0, 8, 16, 24].map((at) => data.u32(at));
  const serial = data.bytes.byteLength >= 40 ? data.u32(32) : undefined;
  found.posix = { mode: mode ?? 0, links: links ?? 1, uid: uid ?? 0, gid: gid ?? 0, serial };
}

/** Some keep both numbers apart, others as Linux does in 32 bits. */
function takeDevice(found: RockRidge, data: Fields): void {
  const [high, low] = [data.u32(0), data.u32(8)];
  found.device =
    high === 0
      ? { major: (low >>> 8) & 0xfff, minor: (low & 0xff) | ((low >>> 12) & 0xff_f00) }
      : { major: high, minor: low };
}

function takeLink(found: RockRidge, data: Fields): void {
  found.link ??= new LinkTarget();
  found.link.add(data);
}

function takeZisofs(found: RockRidge, data: Fields, version: number): void {
  found.zisofs = parseZisofs(data, version);
}

function takeTimes(found: RockRidge, data: Fields): void {
  const flags = data.u8(0);
  const isLong = (flags & TIME_FLAG.long) !== 0;
  const width = isLong ? LONG_TIME_BYTES : SHORT_TIME_BYTES;
  let at = 1;
  for (let kind = 0; kind < TIME_KINDS; kind += 1) {
    const flag = 2 ** kind;
    if ((flags & flag) === 0) continue;
    if (at + width > data.bytes.byteLength) throw damaged('the times of Rock Ridge are cut off');
    const time = isLong ? longTimeNs(data, at) : shortTimeNs(data, at);
    if (flag === TIME_FLAG.modified) found.mtimeNs = time;
    if (flag === TIME_FLAG.accessed) found.atimeNs = time;
    if (flag === TIME_FLAG.changed) found.ctimeNs = time;
    at += width;
  }
}

function firstByte({ data }: SystemUseEntry): number {
  return data.bytes[0] ?? 0;
}
