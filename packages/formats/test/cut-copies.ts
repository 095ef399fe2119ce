import { type BlockReader, SendenseError } from '@sendense/core';

/** How the parts of a disk are read from a copy of its file that was cut short. */
export type CutReading = {
  readonly right: number;
  readonly corrupt: number;
  /** Offsets of the parts that are read as other bytes than they were. */
  readonly other: readonly number[];
};

/** Reads `disk` part by part from what `open` gives. Any other failure than `CORRUPT` is thrown. */
export async function readCutCopy(
  open: () => Promise<BlockReader & AsyncDisposable>,
  disk: Uint8Array,
  partBytes = 4096,
): Promise<CutReading> {
  const starts = Array.from({ length: Math.ceil(disk.byteLength / partBytes) }, (_, at) => at * partBytes);
  const image = await unlessCorrupt(open);
  if (image === undefined) return { right: 0, corrupt: starts.length, other: [] };
  await using opened = image;
  const other: number[] = [];
  let [right, corrupt] = [0, 0];
  for (const start of starts) {
    const was = disk.subarray(start, start + partBytes);
    const into = new Uint8Array(was.byteLength).fill(0xee);
    const isRead = await unlessCorrupt(async () => {
      await opened.read(start, into);
      return true;
    });
    if (isRead === undefined) corrupt += 1;
    else if (Buffer.compare(into, was) === 0) right += 1;
    else other.push(start);
  }
  return { right, corrupt, other };
}

async function unlessCorrupt<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    if (SendenseError.is(error, 'CORRUPT')) return undefined;
    throw error;
  }
}

/** Where the tables of a QCOW2 image lie. */
export type TablePlaces = {
  readonly clusterBytes: number;
  readonly l1: number;
  readonly refcountTable: number;
  readonly refcountBlock: number;
  /** The L2 tables, as the L1 table has them. */
  readonly l2: readonly number[];
};

/** Finds the tables of an image from its bytes, as the format has them. */
export function tablePlaces(bytes: Uint8Array): TablePlaces {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offsetAt = (at: number) => Number(view.getBigUint64(at) & 0x00ff_ffff_ffff_fe00n);
  const [l1, refcountTable] = [Number(view.getBigUint64(40)), Number(view.getBigUint64(48))];
  const entries = Array.from({ length: view.getUint32(36) }, (_, index) => offsetAt(l1 + index * 8));
  return {
    clusterBytes: 2 ** view.getUint32(20),
    l1,
    refcountTable,
    refcountBlock: offsetAt(refcountTable),
    l2: entries.filter((offset) => offset !== 0),
  };
}
