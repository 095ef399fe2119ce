import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { noise } from './support/sample-tree.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-journal-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Their names, the options of `mke2fs` and those of the mount, and which checksums the kernel gives their journals. */
const KINDS = [
  ['ext3', ['-t', 'ext3', '-j'], 'data=ordered', '(none)'],
  [
    'ext4',
    ['-t', 'ext4', '-j', '-O', 'extent,metadata_csum,64bit'],
    'data=ordered',
    'journal_64bit journal_checksum_v3',
  ],
  [
    'ext4 whose commits do not wait',
    ['-t', 'ext4', '-j', '-O', 'extent,metadata_csum'],
    'data=writeback,journal_async_commit',
    'journal_async_commit journal_checksum_v3',
  ],
  [
    'ext4 with one checksum for each transaction',
    ['-t', 'ext4', '-j', '-O', 'extent'],
    'data=writeback,journal_checksum,journal_async_commit',
    'journal_checksum journal_async_commit',
  ],
] as const;

/** A disk as a backup of a running machine finds it: mounted, written to, never unmounted. */
async function makeDirtyDisk(
  name: string,
  options: readonly string[],
  mountOptions: string,
): Promise<string> {
  const [disk, mount, taken] = [
    join(folder, `${name}.raw`),
    join(folder, `${name}.mount`),
    join(folder, `${name}.taken.raw`),
  ];
  await mkdir(mount);
  run('mke2fs', ['-q', '-F', ...options, disk, '64M']);
  run('mount', ['-o', `loop,${mountOptions}`, disk, mount]);
  try {
    for (let index = 0; index < 300; index += 1)
      await writeDurably(join(mount, `file ${index}`), noise(3000, `${index}`));
    for (let index = 0; index < 300; index += 3) await rm(join(mount, `file ${index}`));
    await mkdir(join(mount, 'late'));
    await writeDurably(join(mount, 'late', 'last'), noise(50_000, 'last'));
    await copyFile(disk, taken);
  } finally {
    run('umount', [mount]);
  }
  return taken;
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'w');
  await file.writeFile(bytes);
  await file.sync();
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describeWithPeers(['ext4-tools', 'loop-mounts'], 'a disk that was taken while it was mounted', () => {
  describe.each(KINDS)('with %s', (kind, options, mountOptions, features) => {
    it('is shown as it would be after its journal was replayed, and no byte of it changes', async () => {
      const taken = await makeDirtyDisk(kind.replaceAll(' ', '-'), options, mountOptions);
      const [, found] = /^Journal features: +(.*)$/mu.exec(run('dumpe2fs', ['-h', taken])) ?? [];
      expect(found).toBe(features);
      const before = digest(await readFile(taken));
      const replayed = `${taken}.replayed`;
      const mount = `${replayed}.mount`;
      await copyFile(taken, replayed);
      await mkdir(mount);
      run('mount', ['-o', 'loop', replayed, mount]);
      try {
        await using session = await browse(await openRawPoint(taken));
        expect(session.findings).toMatchObject([{ severity: 'info', code: 'journal-laid-over' }]);
        const wanted = (await readdir(mount)).sort();
        expect(wanted).toContain('late');
        expect((await namesOf(session, '/')).sort()).toEqual(wanted);
        expect((await session.list('/', { limit: 1000 })).findings).toEqual([]);
        for (const name of ['file 1', 'file 299', 'late/last'])
          expect(digest(await contentOf(session, `/${name}`)), name).toBe(
            digest(await readFile(join(mount, name))),
          );
      } finally {
        run('umount', [mount]);
      }
      expect(digest(await readFile(taken))).toBe(before);
    });
  });
});

describeWithPeers(['ext4-tools'], 'a journal that debugfs wrote', () => {
  /** A disk whose journal holds `commands` and was not replayed. */
  async function makeDisk(name: string, commands: readonly string[]): Promise<string> {
    const disk = join(folder, `${name}.raw`);
    const tree = join(folder, `${name}.tree`);
    await mkdir(tree);
    await writeFile(join(tree, 'content'), 'old '.repeat(256));
    run('mke2fs', ['-q', '-F', '-t', 'ext4', '-j', '-O', 'extent', '-b', '1024', '-d', tree, disk, '16M']);
    const [block] = run('debugfs', ['-R', 'blocks content', disk]).trim().split(/\s+/);
    await writeFile(
      join(folder, `${name}.newer`),
      Buffer.concat([Buffer.from([0xc0, 0x3b, 0x39, 0x98]), Buffer.from('new '.repeat(255))]),
    );
    const script = commands.map((line) =>
      line.replace('BLOCK', block ?? '').replace('FILE', join(folder, `${name}.newer`)),
    );
    run('debugfs', ['-w', '-f', '-', disk], `${script.join('\n')}\n`);
    return disk;
  }

  it('shows a block that begins like one of the journal with its true first bytes', async () => {
    const disk = await makeDisk('escaped', ['jo', 'jw -b BLOCK FILE', 'jc']);
    await using session = await browse(await openRawPoint(disk));
    const content = await contentOf(session, '/content');
    expect([...content.subarray(0, 4)]).toEqual([0xc0, 0x3b, 0x39, 0x98]);
    expect(String(content.subarray(4, 12))).toBe('new new ');
  });

  it('shows no block that was revoked after it was written', async () => {
    const disk = await makeDisk('revoked', ['jo', 'jw -b BLOCK FILE', 'jw -r BLOCK', 'jc']);
    await using session = await browse(await openRawPoint(disk));
    expect(String((await contentOf(session, '/content')).subarray(0, 8))).toBe('old old ');
  });

  it('with a damaged superblock is told, and the files are shown as they are on the disk', async () => {
    const disk = await makeDisk('damaged', ['jo', 'jw -b BLOCK FILE', 'jc']);
    const [block = ''] = run('debugfs', ['-R', 'blocks <8>', disk]).trim().split(/\s+/);
    await using file = await open(disk, 'r+');
    await file.write(Buffer.alloc(64, 0xee), 0, 64, Number(block) * 1024);
    await using session = await browse(await openRawPoint(disk));
    expect(session.findings).toMatchObject([{ severity: 'warning', code: 'journal-unread' }]);
    expect(String((await contentOf(session, '/content')).subarray(0, 8))).toBe('old old ');
  });
});
