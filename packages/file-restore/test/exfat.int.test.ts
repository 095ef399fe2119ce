import { mkdir, mkdtemp, open, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extractToFile } from '../src/extract/extract-to-file.ts';
import { walkTree } from '../src/paths/walk-tree.ts';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { checkExfat, makeExfat, mountExfat } from './support/exfat-image.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { noise } from './support/sample-tree.ts';
import { type Facts, factsInside, factsOnDisk } from './support/tree-facts.ts';

/** Small and large clusters and sectors; how many names the large folder has, how deep folders lie, and pieces of a scattered file. */
const KINDS = [
  { title: 'as mkfs.exfat makes it', size: '256M', options: [], sectorBytes: 512, many: 5000, depth: 30 },
  {
    title: 'with clusters of 512 bytes',
    size: '32M',
    options: ['-c', '512'],
    sectorBytes: 512,
    many: 300,
    depth: 30,
  },
  {
    title: 'with sectors of 4 KiB',
    size: '64M',
    options: ['-c', '4K'],
    sectorBytes: 4096,
    many: 300,
    depth: 30,
  },
  {
    title: 'with clusters of 32 MiB',
    size: '2G',
    options: ['-c', '32M'],
    sectorBytes: 512,
    many: 20,
    depth: 2,
  },
] as const;
/** A set of 608 bytes, which may lie in three clusters. */
const LONG = 'Ünïcödé 文件 🗂 '.repeat(20).slice(0, 248);
const ODD = ["it's; a $(name) & more", ' begins with a blank', '-rf', '%5C', 'a.b.c..d', '😀'];
const TIME = Date.UTC(2021, 4, 6, 7, 8, 9) / 1000;
const PIECE = 5000;
const PIECES = 60;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-exfat-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fill(root: string, many: number, depth: number): Promise<void> {
  const deep = join(root, ...Array.from({ length: depth }, (_, index) => `level ${index}`));
  await mkdir(deep, { recursive: true });
  await writeFile(join(deep, 'deepest'), 'far down');
  await writeFile(join(root, 'noise.bin'), noise(2_000_003, 'noise'));
  await writeFile(join(root, 'empty'), '');
  await writeFile(join(root, 'Größe'), 'size');
  await mkdir(join(root, 'odd'));
  for (const name of [...ODD, LONG]) await writeFile(join(root, 'odd', name), name);
  await mkdir(join(root, 'many'));
  const paths = Array.from({ length: many }, (_, index) => join(root, 'many', `file number ${index}`));
  // one program makes them many times faster than a call for each
  run('touch', paths);
  for (let index = 0; index < many; index += 25) await writeFile(paths[index] ?? '', `${index}`);
  await scatter(root);
  await utimes(join(root, 'noise.bin'), TIME, TIME);
}

/** Two files that grow in turns: neither lies together. */
async function scatter(root: string): Promise<void> {
  await using one = await open(join(root, 'one'), 'w');
  await using two = await open(join(root, 'two'), 'w');
  for (let index = 0; index < PIECES; index += 1) {
    await one.write(noise(PIECE, `one ${index}`));
    await two.write(noise(PIECE, `two ${index}`));
  }
}

/** What exFAT keeps. */
function kept(files: ReadonlyMap<string, Facts>): Record<string, unknown> {
  const entries = [...files].map(
    ([path, { mode, sizeBytes, mtimeNs, content }]) => [path, { mode, sizeBytes, mtimeNs, content }] as const,
  );
  return Object.fromEntries(entries);
}

describeWithPeers(['exfat-tools', 'loop-mounts', 'fuse'], 'a disk that mkfs.exfat made', () => {
  describe.each(KINDS)('$title', ({ title, size, options, sectorBytes, many, depth }) => {
    let image = '';
    let session: BrowseSession;
    let files: Map<string, Facts>;

    beforeAll(async () => {
      image = join(folder, `${title.replaceAll(' ', '-')}.raw`);
      await makeExfat(image, size, ['-L', 'SÄMPLE', ...options], sectorBytes);
      await mountExfat(image, (mount) => fill(mount, many, depth), sectorBytes);
      const look = async (mount: string): Promise<void> => {
        files = await factsOnDisk(mount);
      };
      await mountExfat(image, look, sectorBytes);
      session = await browse(await openRawPoint(image));
    });
    afterAll(() => session[Symbol.asyncDispose]());

    it('is told by its kind and label', () => {
      expect(session.volumes).toMatchObject([
        { id: 'disk-0', fileSystem: 'exfat', fileSystemLabel: 'SÄMPLE', access: 'in-process' },
      ]);
      expect(session.findings).toEqual([]);
    });

    it('gives every file as exfat-fuse does: names, types, modes, sizes, times and bytes', async () => {
      const { reader, stat } = await session.find('/');
      const inside = await factsInside(reader, stat, (why) => expect.fail(why));
      expect(files.size).toBeGreaterThan(many + depth);
      expect(kept(inside)).toEqual(kept(files));
      expect(inside.get('noise.bin')?.mtimeNs).toBe(BigInt(TIME) * 1_000_000_000n);
    });

    it('has as many files and folders as fsck.exfat counts', async () => {
      const { reader, stat } = await session.find('/');
      const types = { directory: 0, file: 0 };
      const fail = ({ message }: Finding): never => expect.fail(message);
      for await (const { stat: found } of walkTree(reader, stat, fail)) types[found.type as 'file'] += 1;
      expect(checkExfat(image)).toEqual({ folders: types.directory, files: types.file });
    });

    it('lists a large folder in pages of any size', async () => {
      const names = await namesOf(session, '/many');
      expect(names).toHaveLength(many);
      expect(await namesOf(session, '/many', many)).toEqual(names);
      expect(await namesOf(session, '/many', 37)).toEqual(names);
    });

    it('finds names as they are written, and in any case, by the letters of the volume', async () => {
      expect(String(await contentOf(session, '/GRÖßE'))).toBe('size');
      expect(String(await contentOf(session, `/ODD/${LONG.toUpperCase()}`))).toBe(LONG);
      await expect(session.find('/GRÖSSE')).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(session.find('/none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
  });

  it('is taken out whole as an archive', async () => {
    const image = join(folder, 'archived.raw');
    await makeExfat(image, '64M', []);
    await mountExfat(image, async (mount) => {
      await fill(mount, 50, 3);
      // Linux has no room for it: more than 255 bytes
      await rm(join(mount, 'odd', LONG));
    });
    const output = join(folder, 'archived.tar');
    await using session = await browse(await openRawPoint(image));
    expect(await extractToFile({ session, path: '/', output, overwrite: false })).toMatchObject({
      findings: [],
    });
    const out = join(folder, 'archived.out');
    await mkdir(out);
    run('tar', ['--extract', '--file', output, '--directory', out]);
    await mountExfat(image, async (mount) => void run('diff', ['--recursive', out, mount]));
  });
});
