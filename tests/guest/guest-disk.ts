import { writeFile } from 'node:fs/promises';
import { execa } from 'execa';

/** A disk of the guest as a backup holds it. */
export type FoundDisk = {
  /** Whether mounting it would have to replay the journal: it was not frozen. */
  readonly needsRecovery: boolean;
  /** What e2fsck complains of, which changes nothing and replays nothing; empty for a clean file system. */
  readonly complaints: string;
  /** How many records, without a gap and each whole, the files begin with. Rejects when they hold anything else. */
  records(file: 'cached' | 'synced'): Promise<number>;
  /** Whether it holds a file of this name. */
  has(file: string): Promise<boolean>;
  /** The disk after a replay of its journal, as a mount makes it. */
  replay(): Promise<FoundDisk>;
};

/** Makes an empty ext4 in a QCOW2 image, all of it written now, so that only the guest's writes come later. */
export async function makeGuestDisk(path: string, sizeBytes: number): Promise<void> {
  const raw = `${path}.raw`;
  await execa('mkfs.ext4', [
    '-q',
    '-E',
    'lazy_itable_init=0,lazy_journal_init=0',
    raw,
    `${sizeBytes / 1024}k`,
  ]);
  await execa('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, path]);
}

/** The text of record `number`; see `record` of `init.sh`. */
function record(number: number): string {
  const check = (BigInt(number) * 2_654_435_761n) % 2n ** 32n;
  return `${String(number).padStart(10, '0')} ${String(check).padStart(52, '0')}\n`;
}

function countRecords(text: string): number {
  const count = Math.floor(text.length / record(1).length);
  const expected = Array.from({ length: count }, (_, index) => record(index + 1)).join('');
  if (text !== expected) throw new Error(`after ${count} records comes something else`);
  return count;
}

/** Looks into an ext4 as it is, without a replay of its journal. The raw image is put at `path`. */
export async function inspectGuestDisk(path: string, content: Uint8Array): Promise<FoundDisk> {
  await writeFile(path, content);
  return await look(path);
}

async function look(path: string): Promise<FoundDisk> {
  const debugfs = async (command: string) => {
    const { stdout, stderr } = await execa('debugfs', ['-R', command, path], { stripFinalNewline: false });
    return { stdout, missing: stderr.includes('File not found') };
  };
  const { stdout: statistics } = await debugfs('stats -h');
  const checked = await execa('e2fsck', ['-f', '-n', path], { reject: false, all: true });
  return {
    needsRecovery: /^Filesystem features:.*\bneeds_recovery\b/m.test(statistics),
    complaints: checked.exitCode === 0 ? '' : checked.all,
    records: async (file) => countRecords((await debugfs(`cat /${file}`)).stdout),
    has: async (file) => !(await debugfs(`stat /${file}`)).missing,
    replay: async () => {
      await execa('e2fsck', ['-y', '-E', 'journal_only', path], { reject: false }); // 1: it did
      return await look(path);
    },
  };
}
