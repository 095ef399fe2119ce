import type { Call } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import type { FileStat } from '../file-system-reader.ts';
import { xfsFault } from './checksums.ts';
import type { XfsSuperblock } from './superblock.ts';

// Layout: "XFS Algorithms & Data Structures", Symbolic Links.
const MOST_LINK = 1024;
/** Runs, and so blocks of one, in which a link lies at most. */
const MOST_BLOCKS = 3;
const HEADER_BYTES = 56;
const MAGIC = 'XSLM';
/** Where the header says to which inode a run belongs. */
const OWNER_AT = 32;

/** The text of a link that is too long for its inode; version 5 puts a header before the text of each run. */
export async function readRemoteLink(
  source: ByteSource,
  superblock: XfsSuperblock,
  { node, sizeBytes }: Pick<FileStat, 'node' | 'sizeBytes'>,
  runs: AsyncIterable<BlockRun>,
  call?: Call,
): Promise<Uint8Array> {
  if (sizeBytes > MOST_LINK) throw damaged('a symbolic link is longer than any');
  const { version, blockBytes } = superblock;
  const text = new Uint8Array(sizeBytes);
  let done = 0;
  const headerBytes = version === 5 ? HEADER_BYTES : 0;
  for await (const { blocks, volumeBlock } of runs) {
    const length = Math.min(sizeBytes - done, blocks * blockBytes - headerBytes);
    if (length <= 0) break;
    if (version === 5 && blocks > MOST_BLOCKS) throw damaged('a symbolic link has more blocks than any');
    const at = volumeBlock * blockBytes;
    const bytes = new Fields(await readBytes(source, at, version === 5 ? blocks * blockBytes : length, call));
    const isSound =
      version === 4 ||
      (bytes.text(0, 4) === MAGIC && bytes.u32be(4) === done && bytes.u64be(OWNER_AT) === node);
    if (!isSound) throw damaged('a block of a symbolic link is none, or that of another', { inode: node });
    const fault = xfsFault('link', bytes, superblock, at);
    if (fault !== undefined) throw damaged(`a block of a symbolic link ${fault}`, { inode: node });
    text.set(bytes.slice(headerBytes, length), done);
    done += length;
  }
  if (done < sizeBytes) throw damaged('the text of a symbolic link ends early');
  return text;
}
