import { type Call, type Finding, SendenseError } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { FileSystemReader } from '../file-system-reader.ts';
import { HAS_ERRORS, WAS_MOUNTED } from '../volumes/file-system-state.ts';
import { ExtReader } from './ext-reader.ts';
import { readJournal } from './journal.ts';
import { JournaledSource } from './journaled-source.ts';
import { readSuperblock, type Superblock } from './superblock.ts';

/** Runs that a journal may be in; more is damage. */
const MOST_JOURNAL_RUNS = 100_000;

/**
 * Opens an ext2, ext3 or ext4 file system. Where its journal was not empty, files are shown as they would be after a replay,
 * which happens in memory. Rejects with `CORRUPT` or `FORMAT_UNSUPPORTED`.
 */
export async function openExt(source: ByteSource, call?: Call): Promise<FileSystemReader> {
  const superblock = await readSuperblock(source, call);
  const state = stateOf(superblock);
  const plain = new ExtReader(source, superblock, state);
  if (superblock.journal?.needsRecovery !== true) return plain;
  const { journal, blockBytes } = superblock;
  try {
    const runs = await journalRuns(plain, journal.inode, call);
    const { overlay, hasFastCommits } = await readJournal(source, blockBytes, runs, call);
    const findings = [laidOver(overlay.size), ...(hasFastCommits ? [FAST_COMMITS] : []), ...state];
    return new ExtReader(new JournaledSource(source, overlay, blockBytes), superblock, findings);
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT') && !SendenseError.is(error, 'FORMAT_UNSUPPORTED')) throw error;
    return new ExtReader(source, superblock, [unread(error), ...state]);
  }
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

function laidOver(blocks: number): Finding {
  const message = `the file system was in use: ${blocks} blocks of its journal are shown in place of older ones, and the backup is unchanged`;
  return { severity: 'info', code: 'journal-laid-over', message };
}

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
