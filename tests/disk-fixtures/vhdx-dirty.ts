import { seededBytes } from '@sendense/testkit';
import type { DiskFixture } from './disk-fixture.ts';
import { composed, type LayerPlan } from './layer-plan.ts';
import { StructureBytes } from './structure-bytes.ts';
import { writeVhdx } from './vhdx.ts';
import { MIB, VHDX, writeVhdxHeader } from './vhdx-frame.ts';
import { LOG_PAGE, type LogChange, type LogEntry, writeLogEntry } from './vhdx-log.ts';

/** How to write a VHDX whose writer died before its log was played back. */
export type DirtyVhdxOptions = {
  /** Its pieces are sectors of 512 bytes; blocks are of 1 MiB, and some of their pages must be all zeros. */
  readonly plan: LayerPlan;
  /** The page of the log (of 256) where the sequence begins; the last ones make it run around the end. */
  readonly firstPage?: number;
  /** Pages that one entry makes zeros, each by a descriptor of its own; more than 125 need a second page of descriptors. */
  readonly zeroedPages?: number;
  /** What is wrong with it, so that it must not be read: no whole sequence, or a file shorter than what was flushed. */
  readonly damage?: 'no-sequence' | 'short-file';
};

const LOG_ID = seededBytes(95, 16);

/**
 * A dirty VHDX. On the disk are an old block table, old bytes in some pages, and the end of the file is not there yet.
 * The log has, in this order of time: a sequence of an earlier round, an entry that is already flushed, three entries
 * that change the same pages again and again (one with more descriptors than fit its first page), and an entry that was
 * cut while it was written. Elsewhere in the log lies a newer entry of another log.
 */
export function dirtyVhdx({
  plan,
  firstPage = 252,
  zeroedPages = 130,
  damage,
}: DirtyVhdxOptions): DiskFixture {
  const whole = new StructureBytes('disk.vhdx', 'little');
  writeVhdx(whole, { plan, blockBytes: MIB }, seededBytes(92, 16));
  const goal = whole.bytes();
  const pages = pagesOf(goal, zeroedPages + 1);
  const file = new StructureBytes('disk.vhdx', 'little');
  file.fields.push(...whole.fields);
  file.seals.push(...whole.seals);
  // The last block is only in the log: what is left of the file ends before it.
  file.data(0, goal.subarray(0, goal.byteLength - MIB));
  for (const at of [...pages.zeros, ...pages.stored]) file.data(at, seededBytes(at / LOG_PAGE, LOG_PAGE));
  file.data(VHDX.tableAt, new Uint8Array(LOG_PAGE));
  writeLog(file, goal, { pages, firstPage, ...(damage && { damage }) });
  writeVhdxHeader(file, VHDX.headerAt[1], { sequence: 9, dataWriteId: seededBytes(92, 16), logId: LOG_ID });
  return {
    name: 'VHDX with a dirty log',
    format: 'vhdx',
    image: file.file,
    files: new Map([[file.file, file.bytes()]]),
    content: composed(plan),
    fields: file.fields,
    seals: file.seals,
  };
}

type Pages = {
  readonly zeros: readonly number[];
  readonly stored: readonly number[];
  readonly last: readonly number[];
};

/** Pages of the blocks that are all zeros, pages that are not, and what the last block has. */
function pagesOf(goal: Uint8Array, count: number): Pages {
  const zeros: number[] = [];
  const stored: number[] = [];
  const last: number[] = [];
  for (let at = VHDX.tableAt + MIB; at < goal.byteLength; at += LOG_PAGE) {
    const empty = goal.subarray(at, at + LOG_PAGE).every((byte) => byte === 0);
    if (at >= goal.byteLength - MIB && !empty) last.push(at);
    else if (at >= goal.byteLength - MIB) continue;
    else if (empty) zeros.push(at);
    else stored.push(at);
  }
  return { zeros: zeros.slice(0, count), stored: stored.slice(0, 2), last };
}

type LogPlan = {
  readonly pages: Pages;
  readonly firstPage: number;
  readonly damage?: 'no-sequence' | 'short-file';
};

function writeLog(file: StructureBytes, goal: Uint8Array, { pages, firstPage, damage }: LogPlan): void {
  const { zeros, stored, last } = pages;
  const goalPage = (at: number): LogChange => ({ at, page: goal.slice(at, at + LOG_PAGE) });
  const junkPage = (at: number): LogChange => ({ at, page: seededBytes(at, LOG_PAGE) });
  const [again = 0, ...others] = zeros;
  const [first = 0, second = 0] = stored;
  const rounds: (readonly LogChange[])[] = [
    [junkPage(VHDX.tableAt), ...others.map((at) => ({ at, zeros: LOG_PAGE }))],
    [goalPage(VHDX.tableAt), { at: first, zeros: LOG_PAGE }, junkPage(again), ...last.map(goalPage)],
    [goalPage(first), goalPage(second), { at: again, zeros: LOG_PAGE }],
  ];
  const common = {
    id: LOG_ID,
    flushedBytes: file.length + (damage === 'short-file' ? MIB / 2 : 0),
    lastBytes: goal.byteLength,
  };
  // An earlier round of the same log, and an entry of another log with a higher number.
  const stale = (sequence: number, id = LOG_ID): LogEntry => ({
    ...common,
    id,
    sequence,
    tailPage: 100,
    changes: [junkPage(VHDX.tableAt)],
  });
  writeLogEntry(file, writeLogEntry(file, 100, stale(5)), stale(6));
  writeLogEntry(file, 150, { ...stale(900, seededBytes(96, 16)), tailPage: 150 });
  const flushed = {
    ...common,
    sequence: 9,
    tailPage: firstPage,
    changes: [{ at: VHDX.tableAt, page: new Uint8Array(LOG_PAGE) }],
  };
  const tailPage = writeLogEntry(file, firstPage, flushed);
  let next = tailPage;
  for (const [index, changes] of rounds.entries()) {
    next = writeLogEntry(file, next, { ...common, sequence: 10 + index, tailPage, changes });
  }
  writeLogEntry(file, next, {
    ...common,
    sequence: 13,
    tailPage,
    changes: [junkPage(VHDX.tableAt)],
    torn: true,
  });
  if (damage === 'no-sequence') file.data(VHDX.logAt, new Uint8Array(VHDX.logBytes));
}
