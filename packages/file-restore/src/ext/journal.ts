import type { Call } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { Fields } from '../bytes/fields.ts';
import { addToTransaction, isCommitSound, isDataSound, isListSound } from './journal-checksums.ts';
import { JOURNAL_INCOMPAT, JOURNAL_MAGIC, type JournalLog, openLog } from './journal-log.ts';

// Layout: "ext4 Data Structures and Algorithms", Journal (jbd2). All of it is big-endian.
const BLOCK = { descriptor: 1, commit: 2, revoke: 5 };
const TAG = { escaped: 1, sameUuid: 2, last: 8 };
const COMMIT_TIME_AT = 48;

/** Where the journal holds a newer version of a block of the volume. */
export type JournaledBlock = { readonly at: number; readonly isEscaped: boolean };
/** Newer versions by block of the volume. */
export type JournalOverlay = ReadonlyMap<number, JournaledBlock>;

type Logged = { readonly block: number; readonly sequence: number } & JournaledBlock;
type Tag = { readonly block: number; readonly isEscaped: boolean; readonly checksum: number };

/** The overlay, and what of the journal is not in it. */
export type ReadJournal = {
  readonly overlay: JournalOverlay;
  readonly hasFastCommits: boolean;
  /** The first transaction in which a checksum is wrong, and where: neither it nor what follows is laid over. */
  readonly wrong: { readonly sequence: number; readonly part: string } | undefined;
  /** Commits may have been written before their data, and nothing tells whether those followed. */
  readonly isUnchecked: boolean;
};

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
  const log = await openLog({ source, blockBytes, runs }, call);
  const { incompat, checksums, start } = log.layout;
  const scan = new Scan(log);
  if (start !== 0) await scan.run(call);
  const overlay = new Map<number, JournaledBlock>();
  for (const { block, sequence, at, isEscaped } of scan.committed) {
    const revokedIn = scan.revoked.get(block);
    if (revokedIn !== undefined && ((revokedIn - sequence) | 0) >= 0) continue;
    overlay.set(block, { at, isEscaped });
  }
  return {
    overlay,
    hasFastCommits: (incompat & JOURNAL_INCOMPAT.fastCommit) !== 0,
    wrong: scan.wrong,
    isUnchecked: (incompat & JOURNAL_INCOMPAT.asyncCommit) !== 0 && checksums.version === 0,
  };
}

/** A transaction whose commit was not met yet. */
class Transaction {
  readonly blocks: Logged[] = [];
  readonly revokes: number[] = [];
  /** What of it does not have its checksum: blocks that another journal left here look so too. */
  wrongList: string | undefined;
  wrongData: string | undefined;
  /** Of version 1, over all its blocks. */
  sum = 0;
}

/** Goes along the log from transaction to transaction, up to the first block that does not belong to the next one, or is damaged. */
class Scan {
  readonly committed: Logged[] = [];
  readonly revoked = new Map<number, number>();
  wrong: ReadJournal['wrong'];
  readonly #log: JournalLog;
  #sequence: number;
  #open = new Transaction();
  #lastTime = 0;

  constructor(log: JournalLog) {
    this.#log = log;
    this.#sequence = log.layout.sequence;
  }

  async run(call: Call | undefined): Promise<void> {
    const { blocks, checksums } = this.#log.layout;
    for (let seen = 0; seen < blocks; seen += 1) {
      const fields = new Fields((await this.#log.next(call)).bytes);
      if (fields.u32be(0) !== JOURNAL_MAGIC || fields.u32be(8) !== this.#sequence) break;
      const type = fields.u32be(4);
      if (type === BLOCK.commit) {
        if (!this.#commit(fields)) return;
      } else if (type === BLOCK.descriptor) {
        seen += await this.#describe(fields, call);
      } else if (type === BLOCK.revoke) {
        if (!isListSound(checksums, fields)) this.#open.wrongList ??= 'what it revokes';
        this.#open.revokes.push(...readRevokes(fields, this.#log));
      } else break;
    }
    this.#tell(this.#open.wrongList ?? this.#open.wrongData);
  }

  /** Takes the blocks that follow a descriptor; how many there are. */
  async #describe(fields: Fields, call: Call | undefined): Promise<number> {
    const { checksums } = this.#log.layout;
    const open = this.#open;
    if (!isListSound(checksums, fields)) open.wrongList ??= 'the list of its blocks';
    if (checksums.version === 1) open.sum = addToTransaction(fields.bytes, open.sum);
    const sequence = this.#sequence;
    const tags = readTags(fields, this.#log);
    for (const { block, isEscaped, checksum } of tags) {
      if (checksums.version === 0 || open.wrongList !== undefined) {
        open.blocks.push({ block, isEscaped, sequence, at: this.#log.skip() });
        continue;
      }
      const { at, bytes } = await this.#log.next(call);
      if (checksums.version === 1) open.sum = addToTransaction(bytes, open.sum);
      if (!isDataSound(checksums, bytes, { sequence, checksum }))
        open.wrongData ??= `block ${block} of the volume`;
      open.blocks.push({ block, isEscaped, sequence, at });
    }
    return tags.length;
  }

  /**
   * Takes the open transaction; `false` where it is not sound, and the log ends before it. One that is older than the one before it
   * is of another journal, which lay here: a mount ends there in silence as well.
   */
  #commit(fields: Fields): boolean {
    const { wrongList, wrongData, sum, blocks, revokes } = this.#open;
    const time = fields.u64be(COMMIT_TIME_AT);
    const isSound = isCommitSound(this.#log.layout.checksums, fields, sum);
    const wrong = wrongList ?? (isSound ? undefined : 'the block that commits it');
    if (wrong !== undefined || wrongData !== undefined) {
      if (wrong === undefined || time >= this.#lastTime) this.#tell(wrong ?? wrongData);
      return false;
    }
    this.committed.push(...blocks);
    for (const block of revokes) this.revoked.set(block, this.#sequence);
    this.#open = new Transaction();
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#lastTime = time;
    return true;
  }

  #tell(part: string | undefined): void {
    if (part !== undefined) this.wrong = { sequence: this.#sequence, part };
  }
}

/** The blocks that a descriptor announces; they follow it in the log. */
function readTags(fields: Fields, { layout, blockBytes }: JournalLog): Tag[] {
  const { incompat, checksums } = layout;
  const is64 = (incompat & JOURNAL_INCOMPAT.bits64) !== 0;
  const has3 = checksums.version === 3;
  const has2 = checksums.version === 2;
  const tagBytes = has3 ? 16 : 8 + (has2 ? 2 : 0) + (is64 ? 4 : 0);
  const end = blockBytes - (has2 || has3 ? 4 : 0);
  const tags: Tag[] = [];
  for (let at = 12; at + tagBytes <= end; ) {
    const flags = has3 ? fields.u32be(at + 4) : fields.u16be(at + 6);
    const block = fields.u32be(at) + (is64 ? fields.u32be(at + 8) * 2 ** 32 : 0);
    const checksum = has3 ? fields.u32be(at + 12) : fields.u16be(at + 4);
    tags.push({ block, isEscaped: (flags & TAG.escaped) !== 0, checksum });
    at += tagBytes + ((flags & TAG.sameUuid) === 0 ? 16 : 0);
    if ((flags & TAG.last) !== 0) break;
  }
  return tags;
}

/** Blocks whose older versions in the log count no more. */
function readRevokes(fields: Fields, { layout, blockBytes }: JournalLog): number[] {
  const is64 = (layout.incompat & JOURNAL_INCOMPAT.bits64) !== 0;
  const width = is64 ? 8 : 4;
  const end = Math.min(fields.u32be(12), blockBytes);
  const blocks: number[] = [];
  for (let at = 16; at + width <= end; at += width)
    blocks.push(is64 ? fields.u32be(at) * 2 ** 32 + fields.u32be(at + 4) : fields.u32be(at));
  return blocks;
}
