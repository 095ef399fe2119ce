import type { Call } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged, notSupported } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { type JournalChecksums, readJournalChecksums } from './journal-checksums.ts';

/** The first bytes of each block of a journal that is not one of the volume. */
export const JOURNAL_MAGIC = 0xc03b3998;
/** Incompatible features of a journal. */
export const JOURNAL_INCOMPAT = { bits64: 2, asyncCommit: 4, fastCommit: 0x20 };
const KNOWN_INCOMPAT = 0x3f;
const SUPERBLOCK_TYPES: readonly number[] = [3, 4];
const MOST_BLOCKS = 16 * 1024 * 1024;
/** Blocks at the end that are for fast commits where the superblock does not say how many. */
const FAST_COMMIT_BLOCKS = 256;
/** A log with fast commits keeps at least so many blocks for itself. */
const LEAST_LOG_BLOCKS = 1024;
/** Read at once where each block of the log is looked at. */
const WINDOW_BYTES = 1024 * 1024;

type Journal = {
  readonly source: ByteSource;
  readonly blockBytes: number;
  readonly runs: readonly BlockRun[];
};

/** What the superblock of a journal says. */
type Layout = {
  readonly first: number;
  /** The log wraps before this one. */
  readonly blocks: number;
  /** The first block of the oldest transaction; 0: there is none. */
  readonly start: number;
  readonly sequence: number;
  readonly incompat: number;
  readonly checksums: JournalChecksums;
};

/** The log of a file system, gone through block by block from its oldest transaction on. */
export class JournalLog {
  readonly layout: Layout;
  readonly blockBytes: number;
  readonly #journal: Journal;
  #index: number;
  #window = new Uint8Array(0);
  #windowFirst = 0;

  constructor(journal: Journal, layout: Layout) {
    this.#journal = journal;
    this.blockBytes = journal.blockBytes;
    this.layout = layout;
    this.#index = layout.start;
  }

  /** Byte of the volume where the next block lies, which is passed. */
  skip(): number {
    const at = placeOf(this.#journal, this.#index);
    this.#index = this.#index + 1 >= this.layout.blocks ? this.layout.first : this.#index + 1;
    return at;
  }

  /** The next block, which is passed, and the byte of the volume where it lies. */
  async next(call?: Call): Promise<{ readonly at: number; readonly bytes: Uint8Array }> {
    const { blockBytes } = this;
    const index = this.#index;
    const isLoaded =
      index >= this.#windowFirst && (index + 1 - this.#windowFirst) * blockBytes <= this.#window.byteLength;
    if (!isLoaded) await this.#load(index, call);
    const from = (index - this.#windowFirst) * blockBytes;
    return { at: this.skip(), bytes: this.#window.subarray(from, from + blockBytes) };
  }

  async #load(index: number, call: Call | undefined): Promise<void> {
    const { source, blockBytes } = this.#journal;
    const most = this.layout.checksums.version === 0 ? 1 : Math.ceil(WINDOW_BYTES / blockBytes);
    const { fileBlock, blocks } = runOf(this.#journal, index);
    const count = Math.min(most, fileBlock + blocks - index, this.layout.blocks - index);
    this.#window = new Uint8Array(count * blockBytes);
    await source.read(placeOf(this.#journal, index), this.#window, call);
    this.#windowFirst = index;
  }
}

/** Reads and checks the superblock of a journal that lies in `runs`. Rejects with `CORRUPT` or `FORMAT_UNSUPPORTED`. */
export async function openLog(journal: Journal, call?: Call): Promise<JournalLog> {
  const { source, blockBytes } = journal;
  const fields = new Fields(await readBytes(source, placeOf(journal, 0), blockBytes, call));
  const type = fields.u32be(4);
  if (fields.u32be(0) !== JOURNAL_MAGIC || !SUPERBLOCK_TYPES.includes(type))
    throw damaged('the journal of the file system has no superblock');
  const hasFeatures = type !== SUPERBLOCK_TYPES[0];
  const incompat = hasFeatures ? fields.u32be(0x28) : 0;
  if ((incompat & ~KNOWN_INCOMPAT) !== 0) throw notSupported('the journal has features that are not known');
  const checksums = hasFeatures ? readJournalChecksums(fields, incompat) : ({ version: 0 } as const);
  const [first, start] = [fields.u32be(0x14), fields.u32be(0x1c)];
  const isBounded = fields.u32be(0x10) <= MOST_BLOCKS;
  const blocks = logBlocks(fields, incompat);
  const isSound = fields.u32be(0xc) === blockBytes && first >= 1 && blocks > first && isBounded;
  if (!isSound || start >= blocks) throw damaged('the superblock of the journal contradicts itself');
  return new JournalLog(journal, {
    first,
    blocks,
    start,
    sequence: fields.u32be(0x18),
    incompat,
    checksums,
  });
}

/**
 * Blocks of the log with its superblock. Fast commits have the last ones of the journal: `jbd2` wraps before them
 * (`journal_load_superblock` and `wrap` in fs/jbd2 of Linux, since 5.10), and refuses a journal in which too few are left.
 */
function logBlocks(fields: Fields, incompat: number): number {
  const all = fields.u32be(0x10);
  if ((incompat & JOURNAL_INCOMPAT.fastCommit) === 0) return all;
  const blocks = all - (fields.u32be(0x54) || FAST_COMMIT_BLOCKS);
  if (blocks < LEAST_LOG_BLOCKS) throw damaged('the fast commits of the journal leave no room for its log');
  return blocks;
}

function runOf({ runs }: Journal, index: number): BlockRun {
  const run = runs.find(({ fileBlock, blocks }) => index >= fileBlock && index < fileBlock + blocks);
  if (run === undefined) throw damaged('the journal has holes');
  return run;
}

/** Byte of the volume where block `index` of the journal lies. */
function placeOf(journal: Journal, index: number): number {
  const { fileBlock, volumeBlock } = runOf(journal, index);
  return (volumeBlock + index - fileBlock) * journal.blockBytes;
}
