import { copyFile, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browse, contentOf } from './support/browse.ts';
import { fixExt, journalBlocks } from './support/ext-image.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { noise } from './support/sample-tree.ts';

const BLOCK = 1024;
const FILES = ['one', 'two', 'three'] as const;
/** Each transaction of `debugfs` has three blocks; these are those of the second. */
const SECOND = { descriptor: 4, data: 5, commit: 6 };
/** The features that `debugfs` needs for each version of the checksums. */
const VERSIONS = [
  [2, 'extent,metadata_csum'],
  [3, 'extent,metadata_csum,64bit'],
] as const;
/** A byte of each block that the checksum alone covers, of the block that commits and the list of blocks also the checksum itself. */
const FLIPS = [
  ['the data', SECOND.data, 17, /block \d+ of the volume/u],
  ['the checksum in a tag', SECOND.descriptor, 17, /the list of its blocks/u],
  ['the list of blocks', SECOND.descriptor, 500, /the list of its blocks/u],
  ['the checksum of the list', SECOND.descriptor, BLOCK - 1, /the list of its blocks/u],
  ['the commit', SECOND.commit, 40, /the block that commits it/u],
  ['the checksum of the commit', SECOND.commit, 16, /the block that commits it/u],
] as const;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-journal-sums-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The files of a disk, told by the first word that they hold. */
async function wordsOf(image: string): Promise<{ words: string[]; findings: readonly object[] }> {
  await using session = await browse(await openRawPoint(image));
  const words: string[] = [];
  for (const name of FILES) words.push(String((await contentOf(session, `/${name}`)).subarray(0, 3)));
  return { words, findings: session.findings };
}

/** Those of a copy of it, after `e2fsck` replayed its journal and corrected the rest. */
async function repairedWords(image: string): Promise<string[]> {
  const copy = `${image}.repaired`;
  await copyFile(image, copy);
  fixExt(copy);
  return FILES.map((name) => run('debugfs', ['-R', `cat /${name}`, copy]).slice(0, 3));
}

/** A copy of a disk with one bit of a block of its journal turned. */
async function flipped(image: string, block: number, at: number): Promise<string> {
  const bytes = await readFile(image);
  const place = (journalBlocks(image)[block] ?? 0) * BLOCK + at;
  bytes.writeUInt8(bytes.readUInt8(place) ^ 0x10, place);
  const copy = `${image}.flipped`;
  await writeFile(copy, bytes);
  return copy;
}

describeWithPeers(['ext4-tools'], 'a journal with checksums', () => {
  describe.each(VERSIONS)('of version %d, as debugfs writes it,', (version, features) => {
    let image = '';

    /** One file is replaced by each of three transactions. */
    beforeAll(async () => {
      image = join(folder, `version-${version}.raw`);
      const [tree, newer] = [join(folder, `tree-${version}`), join(folder, 'newer')];
      await mkdir(tree);
      for (const name of FILES) await writeFile(join(tree, name), 'old '.repeat(BLOCK / 4));
      await writeFile(newer, 'new '.repeat(BLOCK / 4));
      run('mke2fs', ['-q', '-F', '-t', 'ext4', '-j', '-O', features, '-b', '1024', '-d', tree, image, '16M']);
      const writes = FILES.map((name) => {
        const [block] = run('debugfs', ['-R', `blocks ${name}`, image])
          .trim()
          .split(/\s+/u);
        return `jw -b ${block} ${newer}`;
      });
      const script = [`jo -c -v ${version}`, ...writes, 'jc', ''];
      run('debugfs', ['-w', '-f', '-', image], script.join('\n'));
    });

    it('is laid over the volume, as e2fsck replays it', async () => {
      expect(run('dumpe2fs', ['-h', image])).toMatch(
        new RegExp(`Journal features: .*journal_checksum_v${version}`, 'u'),
      );
      const { words, findings } = await wordsOf(image);
      expect(words).toEqual(['new', 'new', 'new']);
      expect(words).toEqual(await repairedWords(image));
      expect(findings).toMatchObject([{ severity: 'info', code: 'journal-laid-over' }]);
      expect(findings).toHaveLength(1);
    });

    it.each(FLIPS)(
      'ends before the transaction in which %s was changed, which is told',
      async (_, block, at, part) => {
        const damaged = await flipped(image, block, at);
        const { words, findings } = await wordsOf(damaged);
        expect(words).toEqual(['new', 'old', 'old']);
        expect(findings).toMatchObject([
          { severity: 'info', code: 'journal-laid-over' },
          { severity: 'warning', code: 'journal-in-part', message: expect.stringMatching(part) },
        ]);
        const repaired = await repairedWords(damaged);
        expect(repaired[1]).toBe('old');
        if (block === SECOND.commit) expect(words).toEqual(repaired);
      },
    );

    it('whose superblock was changed is not laid over, which is told', async () => {
      const { words, findings } = await wordsOf(await flipped(image, 0, 0x70));
      expect(words).toEqual(['old', 'old', 'old']);
      expect(findings).toMatchObject([{ severity: 'warning', code: 'journal-unread' }]);
    });
  });
});

describeWithPeers(['ext4-tools', 'loop-mounts'], 'a journal with a checksum for each transaction', () => {
  it('as the kernel writes it where commits do not wait, is not laid over from a changed block on', async () => {
    const [image, mount, taken] = ['image', 'mount', 'taken'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await mkdir(mount);
    run('mke2fs', ['-q', '-F', '-t', 'ext4', '-j', '-O', 'extent', '-b', `${BLOCK}`, image, '32M']);
    run('mount', ['-o', 'loop,data=writeback,journal_checksum,journal_async_commit', image, mount]);
    try {
      await using file = await open(join(mount, 'early'), 'w');
      await file.writeFile(noise(3000, 'early'));
      await file.sync();
      await copyFile(image, taken);
      await file.close();
    } finally {
      run('umount', [mount]);
    }
    const journal = await readFile(taken);
    const start = journal.readUInt32BE((journalBlocks(taken)[0] ?? 0) * BLOCK + 0x1c);
    {
      await using session = await browse(await openRawPoint(taken));
      expect(session.findings).toMatchObject([{ severity: 'info', code: 'journal-laid-over' }]);
      expect(await contentOf(session, '/early')).toEqual(noise(3000, 'early'));
    }
    for (const block of [start, start + 1]) {
      const damaged = await flipped(taken, block, BLOCK - 5);
      await using session = await browse(await openRawPoint(damaged));
      expect(session.findings).toMatchObject([
        { code: 'journal-laid-over' },
        { severity: 'warning', code: 'journal-in-part', message: expect.stringContaining('commits it') },
      ]);
      await expect(session.find('/early')).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const repaired = `${damaged}.repaired`;
      await copyFile(damaged, repaired);
      fixExt(repaired);
      expect(run('debugfs', ['-R', 'ls -p /', repaired])).not.toContain('/early/');
    }
  });
});
