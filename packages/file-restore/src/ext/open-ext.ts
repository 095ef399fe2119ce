import { type Call, type Finding, SendenseError } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { FileSystemReader } from '../file-system-reader.ts';
import { HAS_ERRORS, WAS_MOUNTED } from '../volumes/file-system-state.ts';
import { ExtReader } from './ext-reader.ts';
import { InodeTable } from './inode-table.ts';
import { type ReadJournal, readJournal } from './journal.ts';
import { JournaledSource } from './journaled-source.ts';
import { readSuperblock, type Superblock } from './superblock.ts';

/** Runs that a journal may be in; more is damage. */
const MOST_JOURNAL_RUNS = 100_000;

/**
 * Opens an ext2, ext3 or ext4 file system. Where its journal was not empty, files are shown as they would be after a replay,
 * which happens in memory. Rejects with `CORRUPT` or `FORMAT_UNSUPPORTED`.
 */
export async function openExt(source: ByteSource, call?: Call): Promise<FileSystemReader> {
  const { superblock, findings } = await trustSeed(source, await readSuperblock(source, call), call);
  const state = [...findings, ...stateOf(superblock)];
  const plain = new ExtReader(source, superblock, state);
  if (superblock.journal?.needsRecovery !== true) return plain;
  const { journal, blockBytes } = superblock;
  try {
    const runs = await journalRuns(plain, journal.inode, call);
    const read = await readJournal(source, blockBytes, runs, call);
    const replayed = new JournaledSource(source, read.overlay, blockBytes);
    return new ExtReader(replayed, superblock, [...toldOf(read), ...state]);
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT') && !SendenseError.is(error, 'FORMAT_UNSUPPORTED')) throw error;
    return new ExtReader(source, superblock, [unread(error), ...state]);
  }
}

/**
 * A superblock that does not have its checksum is used, and told. From its UUID all other checksums go on: they are checked only where the
 * first descriptor shows that it is the right one.
 */
async function trustSeed(
  source: ByteSource,
  superblock: Superblock,
  call: Call | undefined,
): Promise<{ readonly superblock: Superblock; readonly findings: readonly Finding[] }> {
  const { checksums } = superblock;
  if (checksums === undefined || checksums.isSuperblockSound) return { superblock, findings: [] };
  const isSeedRight = await new InodeTable(source, superblock).isGroupSound(0, call);
  return {
    superblock: isSeedRight ? superblock : { ...superblock, checksums: undefined },
    findings: [isSeedRight ? SUPERBLOCK_DAMAGED : NOTHING_CHECKED],
  };
}

/** What the superblock says of how the file system was left; a journal that is to be replayed is told of by itself. */
function stateOf({ isUnmounted, hasErrors, journal }: Superblock): Finding[] {
  return [
    ...(isUnmounted || journal?.needsRecovery === true ? [] : [WAS_MOUNTED]),
    ...(hasErrors ? [HAS_ERRORS] : []),
  ];
}

async function journalRuns(reader: ExtReader, inode: number, call: Call | undefined): Promise<BlockRun[]> {
  const runs: BlockRun[] = [];
  for await (const run of reader.runsOf(inode, call)) {
    runs.push(run);
    if (runs.length > MOST_JOURNAL_RUNS) break;
  }
  return runs;
}

function toldOf({ overlay, hasFastCommits, wrong, isUnchecked }: ReadJournal): Finding[] {
  return [
    laidOver(overlay.size),
    ...(wrong === undefined ? [] : [wrongChecksum(wrong)]),
    ...(isUnchecked ? [UNCHECKED] : []),
    ...(hasFastCommits ? [FAST_COMMITS] : []),
  ];
}

function laidOver(blocks: number): Finding {
  const message = `the file system was in use: ${blocks} blocks of its journal are shown in place of older ones, and the backup is unchanged`;
  return { severity: 'info', code: 'journal-laid-over', message };
}

function wrongChecksum({ sequence, part }: NonNullable<ReadJournal['wrong']>): Finding {
  const message = `transaction ${sequence} of the journal does not have its checksums (${part}): neither it nor what follows is shown, so files that changed last may be older, missing or wrong`;
  return { severity: 'warning', code: 'journal-in-part', message };
}

const SUPERBLOCK_DAMAGED: Finding = {
  severity: 'warning',
  code: 'file-system-errors',
  message: 'the superblock of the ext file system does not have its checksum: what it says may be wrong',
};

const NOTHING_CHECKED: Finding = {
  ...SUPERBLOCK_DAMAGED,
  message:
    'the superblock of the ext file system does not have its checksum, and others cannot be checked without it: files may be missing or wrong',
};

const UNCHECKED: Finding = {
  severity: 'warning',
  code: 'journal-unchecked',
  message:
    'the journal has no checksums, and its commits may have been written before their data: what changed last may be wrong',
};

const FAST_COMMITS: Finding = {
  severity: 'warning',
  code: 'journal-in-part',
  message:
    'the journal may hold fast commits, which are not read: the last seconds of changes may be missing',
};

function unread({ message }: SendenseError): Finding {
  return {
    severity: 'warning',
    code: 'journal-unread',
    message: `the file system was in use, and its journal cannot be read (${message}): files that changed last may be wrong`,
  };
}
