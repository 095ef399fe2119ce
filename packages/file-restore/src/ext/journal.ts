import type { Call } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged, notSupported } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';

// Layout: "ext4 Data Structures and Algorithms", Journal (jbd2). All of it is big-endian.
const MAGIC = 0xc03b3998;
const BLOCK = { descriptor: 1, commit: 2, superblock1: 3, superblock2: 4, revoke: 5 };
const INCOMPAT = { bits64: 2, checksum2: 8, checksum3: 0x10, fastCommit: 0x20 };
const KNOWN_INCOMPAT = 0x3f;
const TAG = { escaped: 1, sameUuid: 2, last: 8 };
const MOST_BLOCKS = 16 * 1024 * 1024;
/** Blocks at the end that are for fast commits where the superblock does not say how many. */
const FAST_COMMIT_BLOCKS = 256;
/** A log with fast commits keeps at least so many blocks for itself. */
const LEAST_LOG_BLOCKS = 1024;

/** Where the journal holds a newer version of a block of the volume. */
export type JournaledBlock = { readonly at: number; readonly isEscaped: boolean };
/** Newer versions by block of the volume. */
export type JournalOverlay = ReadonlyMap<number, JournaledBlock>;

/** The log of a file system: its blocks by their place in the journal. */
type Log = {
  readonly source: ByteSource;
  readonly blockBytes: number;
  readonly runs: readonly BlockRun[];
  readonly first: number;
  /** The log wraps before this one. */
  readonly blocks: number;
  readonly start: number;
  readonly sequence: number;
  readonly incompat: number;
};

type Logged = { readonly block: number; readonly sequence: number } & JournaledBlock;

/** The overlay, and whether fast commits were left out. */
export type ReadJournal = { readonly overlay: JournalOverlay; readonly hasFastCommits: boolean };

/**
 * What the committed transactions of a journal would change, found without changing anything: the volume with this laid over
 * it is what a mount would show. Each block of the log is looked at once.
 */
export async function readJournal(
  source: ByteSource,
  blockBytes: number,
  runs: readonly BlockRun[],
  call?: Call,
): Promise<ReadJournal> {
  const log = await openLog(source, blockBytes, runs, call);
  const hasFastCommits = (log.incompat & INCOMPAT.fastCommit) !== 0;
  if (log.start === 0) return { overlay: new Map(), hasFastCommits };
  const { committed, revoked } = await scan(log, call);
  const overlay = new Map<number, JournaledBlock>();
  for (const { block, sequence, at, isEscaped } of committed) {
    const revokedIn = revoked.get(block);
    if (revokedIn !== undefined && ((revokedIn - sequence) | 0) >= 0) continue;
    overlay.set(block, { at, isEscaped });
  }
  return { overlay, hasFastCommits };
}

async function openLog(
  source: ByteSource,
  blockBytes: number,
  runs: readonly BlockRun[],
  call: Call | undefined,
): Promise<Log> {
  const at = placeOf({ runs, blockBytes }, 0);
  const fields = new Fields(await readBytes(source, at, blockBytes, call));
  const type = fields.u32be(4);
  if (fields.u32be(0) !== MAGIC || (type !== BLOCK.superblock1 && type !== BLOCK.superblock2))
    throw damaged('the journal of the file system has no superblock');
  const incompat = type === BLOCK.superblock2 ? fields.u32be(0x28) : 0;
  if ((incompat & ~KNOWN_INCOMPAT) !== 0) throw notSupported('the journal has features that are not known');
  const [first, start] = [fields.u32be(0x14), fields.u32be(0x1c)];
  const isBounded = fields.u32be(0x10) <= MOST_BLOCKS;
  const blocks = logBlocks(fields, incompat);
  const isSound = fields.u32be(0xc) === blockBytes && first >= 1 && blocks > first && isBounded;
  if (!isSound || start >= blocks) throw damaged('the superblock of the journal contradicts itself');
  return { source, blockBytes, runs, first, blocks, start, sequence: fields.u32be(0x18), incompat };
}

/**
 * Blocks of the log with its superblock. Fast commits have the last ones of the journal: `jbd2` wraps before them
 * (`journal_load_superblock` and `wrap` in fs/jbd2 of Linux, since 5.10), and refuses a journal in which too few are left.
 */
function logBlocks(fields: Fields, incompat: number): number {
  const all = fields.u32be(0x10);
  if ((incompat & INCOMPAT.fastCommit) === 0) return all;
  const blocks = all - (fields.u32be(0x54) || FAST_COMMIT_BLOCKS);
  if (blocks < LEAST_LOG_BLOCKS) throw damaged('the fast commits of the journal leave no room for its log');
  return blocks;
}

/** Byte of the volume where block `index` of the journal lies. */
function placeOf({ runs, blockBytes }: Pick<Log, 'runs' | 'blockBytes'>, index: number): number {
  const run = runs.find(({ fileBlock, blocks }) => index >= fileBlock && index < fileBlock + blocks);
  if (run === undefined) throw damaged('the journal has holes');
  return (run.volumeBlock + index - run.fileBlock) * blockBytes;
}

/** Goes along the log from transaction to transaction, up to the first block that does not belong to the next one. */
async function scan(
  log: Log,
  call: Call | undefined,
): Promise<{ readonly committed: readonly Logged[]; readonly revoked: ReadonlyMap<number, number> }> {
  const committed: Logged[] = [];
  const revoked = new Map<number, number>();
  let [open, openRevokes]: [Logged[], number[]] = [[], []];
  let sequence = log.sequence;
  let index = log.start;
  const next = (): number => {
    const current = index;
    index = index + 1 >= log.blocks ? log.first : index + 1;
    return current;
  };
  for (let seen = 0; seen < log.blocks; seen += 1) {
    const fields = new Fields(await readBytes(log.source, placeOf(log, next()), log.blockBytes, call));
    if (fields.u32be(0) !== MAGIC || fields.u32be(8) !== sequence) break;
    const type = fields.u32be(4);
    if (type === BLOCK.descriptor) {
      const tags = readTags(fields, log);
      seen += tags.length;
      for (const tag of tags) open.push({ ...tag, sequence, at: placeOf(log, next()) });
    } else if (type === BLOCK.revoke) openRevokes.push(...readRevokes(fields, log));
    else if (type === BLOCK.commit) {
      committed.push(...open);
      for (const block of openRevokes) revoked.set(block, sequence);
      [open, openRevokes] = [[], []];
      sequence = (sequence + 1) >>> 0;
    } else break;
  }
  return { committed, revoked };
}

/** The blocks that a descriptor announces; they follow it in the log. */
function readTags(fields: Fields, { incompat, blockBytes }: Log): { block: number; isEscaped: boolean }[] {
  const is64 = (incompat & INCOMPAT.bits64) !== 0;
  const has3 = (incompat & INCOMPAT.checksum3) !== 0;
  const has2 = (incompat & INCOMPAT.checksum2) !== 0;
  const tagBytes = has3 ? 16 : 8 + (has2 ? 2 : 0) + (is64 ? 4 : 0);
  const end = blockBytes - (has2 || has3 ? 4 : 0);
  const tags: { block: number; isEscaped: boolean }[] = [];
  for (let at = 12; at + tagBytes <= end; ) {
    const flags = has3 ? fields.u32be(at + 4) : fields.u16be(at + 6);
    const block = fields.u32be(at) + (is64 ? fields.u32be(at + 8) * 2 ** 32 : 0);
    tags.push({ block, isEscaped: (flags & TAG.escaped) !== 0 });
    at += tagBytes + ((flags & TAG.sameUuid) === 0 ? 16 : 0);
    if ((flags & TAG.last) !== 0) break;
  }
  return tags;
}

/** Blocks whose older versions in the log count no more. */
function readRevokes(fields: Fields, { incompat, blockBytes }: Log): number[] {
  const is64 = (incompat & INCOMPAT.bits64) !== 0;
  const width = is64 ? 8 : 4;
  const end = Math.min(fields.u32be(12), blockBytes);
  const blocks: number[] = [];
  for (let at = 16; at + width <= end; at += width)
    blocks.push(is64 ? fields.u32be(at) * 2 ** 32 + fields.u32be(at + 4) : fields.u32be(at));
  return blocks;
}
