import { link, mkdir, mkdtemp, open, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extractToFile } from '../src/extract/extract-to-file.ts';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { fillNtfs, makeNtfs, setAttributes } from './support/ntfs-image.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { noise, SPARSE } from './support/sample-tree.ts';
import { digest, type Facts, factsInside, factsOnDisk } from './support/tree-facts.ts';

const KIB = 1024;
const COMPRESSED = 0x800;
const READ_ONLY = 1;
/** How many names the large folder has: three levels of its tree. */
const MANY = 10_000;
/** How many pieces, apart from each other, a file has whose runs fill a score of records. */
const MANY_PIECES = 4000;
/** Small and large clusters and sectors; compression needs clusters of 4 KiB at most. */
const KINDS = [
  { title: 'as mkntfs makes it', options: [], sectorBytes: 512, many: MANY, pieces: MANY_PIECES, links: '' },
  {
    title: 'with clusters of 1 KiB and links of WSL',
    options: ['-c', '1024'],
    sectorBytes: 512,
    many: 150,
    pieces: 1000,
    links: 'special_files=wsl',
  },
  {
    title: 'with sectors of 4 KiB',
    options: ['-s', '4096'],
    sectorBytes: 4096,
    many: 150,
    pieces: 1000,
    links: '',
  },
  {
    title: 'with clusters of 2 MiB',
    options: ['-c', '2097152'],
    sectorBytes: 512,
    many: 150,
    pieces: 1000,
    links: '',
  },
] as const;
const LATE = Date.UTC(2150, 1, 2) / 1000;
/** No text of UTF-16: half of a pair, as Windows allows it in names. */
const HALF_PAIR = Buffer.from([0x68, 0xed, 0xa0, 0x80]);
const COMPRESSIBLE = 'The quick brown fox jumps over the lazy dog. ';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-ntfs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What machines have, and what NTFS stores in its own ways. */
async function fill(root: string, many: number, pieces: number): Promise<void> {
  const deep = join(root, ...Array.from({ length: 30 }, (_, index) => `level-${index}`));
  await mkdir(deep, { recursive: true });
  await writeFile(join(deep, 'deepest'), 'far down');
  for (const size of [0, 1, 300, 600, 700, 1000, 4096, 5000, 65_536, 3_000_001])
    await writeFile(join(root, `size ${size}`), noise(size, `${size}`));
  await fillNames(root, many);
  await fillLinks(root);
  await fillSparse(root, pieces);
  await fillCompressed(root);
  await writeFile(join(root, 'read only'), 'read only');
  setAttributes(join(root, 'read only'), READ_ONLY);
  await writeFile(join(root, 'late'), 'late');
  await utimes(join(root, 'late'), LATE, LATE);
}

async function fillNames(root: string, many: number): Promise<void> {
  const odd = join(root, 'odd names');
  await mkdir(odd);
  const names = ['ünïcödé – 文件 🗂.txt', 'Same', 'same', 'ends with.', 'back\\slash', 'a:b', '文'.repeat(85)];
  for (const name of names) await writeFile(join(odd, name), name);
  await writeFile(Buffer.concat([Buffer.from(`${odd}/`), HALF_PAIR]), 'half');
  for (const [name, count, kept] of [
    ['many', many, many],
    ['fewer', 600, 20],
    ['none left', 200, 0],
  ] as const) {
    await mkdir(join(root, name));
    for (let index = 0; index < count; index += 1)
      await writeFile(join(root, name, `file ${index}`), `${index}`);
    for (let index = kept; index < count; index += 1) await rm(join(root, name, `file ${index}`));
  }
}

async function fillLinks(root: string): Promise<void> {
  await symlink('level-0/level-1', join(root, 'folder-link'));
  await symlink('/size 300', join(root, 'absolute-link'));
  await symlink('../../../size 300', join(root, 'level-0', 'climbing-link'));
  await writeFile(join(root, 'linked'), 'linked');
  for (let index = 0; index < 60; index += 1)
    await link(join(root, 'linked'), join(root, 'level-0', `link ${index}`));
}

async function fillSparse(root: string, pieces: number): Promise<void> {
  await using sparse = await open(join(root, 'sparse'), 'w');
  for (const at of SPARSE.at) await sparse.write(noise(4000, `sparse ${at}`), 0, 4000, at);
  await sparse.truncate(SPARSE.sizeBytes);
  // thousands of runs: records of their own, and a list of them that lies in clusters
  await using scattered = await open(join(root, 'scattered'), 'w');
  for (let index = 0; index < pieces; index += 1)
    await scattered.write(noise(4 * KIB, `scattered ${index}`), 0, 4 * KIB, index * 16 * KIB);
  await writeFile(join(root, 'grown'), noise(10_000, 'grown'));
  await truncate(join(root, 'grown'), 500_000);
}

async function fillCompressed(root: string): Promise<void> {
  const compressed = join(root, 'compressed');
  await mkdir(compressed);
  setAttributes(compressed, COMPRESSED);
  const text = Buffer.from(COMPRESSIBLE.repeat(20_000));
  await writeFile(join(compressed, 'small'), 'small');
  await writeFile(join(compressed, 'text'), text);
  await writeFile(join(compressed, 'noise'), noise(300_000, 'incompressible'));
  await writeFile(join(compressed, 'zeros'), Buffer.alloc(400_000));
  const mixed = [text.subarray(0, 100_000), noise(200_000, 'mixed'), Buffer.alloc(300_000), text];
  await writeFile(join(compressed, 'mixed'), Buffer.concat(mixed));
  await writeFile(join(compressed, 'whole units'), text.subarray(0, 4 * 64 * KIB));
}

/** What ntfs-3g and we say of the same: it has modes of its own, and counts each folder as one link. */
function alike(files: ReadonlyMap<string, Facts>): Map<string, Partial<Facts>> {
  const entries = [...files].map(([path, { node, links, mtimeNs, ctimeNs, sizeBytes, content }]) => {
    const facts = { node: node % 2 ** 32, links, mtimeNs, ctimeNs, sizeBytes, content };
    return [path, facts] as const;
  });
  return new Map(entries);
}

function digestByNtfscat(image: string, path: string): string {
  return run('sh', ['-c', 'ntfscat "$0" "$1" | sha256sum', image, path]).slice(0, 64);
}

describeWithPeers(['ntfs-tools', 'loop-mounts', 'fuse'], 'a disk of NTFS', () => {
  describe.each(KINDS)('$title', ({ title, options, sectorBytes, many, pieces, links }) => {
    let image = '';
    let session: BrowseSession;
    let wanted = new Map<string, Facts>();

    beforeAll(async () => {
      image = join(folder, `${title.replaceAll(' ', '-')}.raw`);
      makeNtfs(image, '12G', ['--label', 'sample', ...options]);
      await fillNtfs(
        image,
        async (mount) => {
          await fill(mount, many, pieces);
          wanted = await factsOnDisk(mount);
        },
        { sectorBytes, options: links },
      );
      session = await browse(await openRawPoint(image));
    }, 240_000);
    afterAll(() => session[Symbol.asyncDispose]());

    it('is told by its kind and name, and was left well', () => {
      expect(session.volumes).toMatchObject([
        { id: 'disk-0', kind: 'disk', fileSystem: 'ntfs', fileSystemLabel: 'sample', access: 'in-process' },
      ]);
      expect(session.findings).toEqual([]);
    });

    it('holds every file with the bytes, size, times and links that ntfs-3g shows', async () => {
      const { reader, stat } = await session.find('/');
      const seen = alike(await factsInside(reader, stat, (why) => expect.fail(why)));
      for (const [path, facts] of alike(wanted)) expect(seen.get(path), path).toEqual(facts);
      expect([...seen.keys()].sort()).toEqual([...wanted.keys()].sort());
    });

    it('holds the bytes that ntfscat reads, also of a file whose list of attributes lies in clusters', async () => {
      const told = run('ntfsinfo', ['--verbose', '--file', '/scattered', image]);
      const list = told.slice(told.indexOf('$ATTRIBUTE_LIST (0x20)'));
      if (pieces === MANY_PIECES) expect(/Resident:\s+(\w+)/u.exec(list)?.[1]).toBe('No');
      for (const path of ['/compressed/mixed', '/compressed/noise', '/grown', '/scattered', '/size 3000001'])
        expect(digest(await contentOf(session, path)), path).toBe(digestByNtfscat(image, path));
    });

    it('keeps holes', async () => {
      const sparse = await session.find('/sparse');
      const extents = await collect(session.extents(sparse, { offset: 0, length: SPARSE.sizeBytes }));
      const data = extents.filter(({ kind }) => kind === 'data');
      expect(data.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(13_000_000);
      for (const at of SPARSE.at) {
        const [piece] = await collect(session.read(sparse, { offset: at, length: 4000 }));
        expect(Buffer.from(piece?.bytes ?? [])).toEqual(noise(4000, `sparse ${at}`));
      }
    });

    it('lists the same names in pages of any size, and finds them whatever their case', async () => {
      for (const path of ['/', '/many', '/fewer', '/none left']) {
        const whole = await namesOf(session, path);
        for (const limit of [1, 7, 300]) {
          if (whole.length / limit > 1000) continue;
          expect(await namesOf(session, path, limit), path).toEqual(whole);
        }
      }
      expect(String(await contentOf(session, '/ODD NAMES/ÜNÏCÖDÉ – 文件 🗂.TXT'))).toBe(
        'ünïcödé – 文件 🗂.txt',
      );
      expect(String(await contentOf(session, '/odd names/Same'))).toBe('Same');
      expect(String(await contentOf(session, '/odd names/same'))).toBe('same');
      await expect(session.find('/many/none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(session.find('/$MFT')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('is taken out whole', async () => {
      const output = join(folder, 'all.tar');
      const { findings } = await extractToFile({ session, path: '/', output, overwrite: true });
      expect(findings).toMatchObject([{ severity: 'info', code: 'names-alike', object: './odd names/same' }]);
      const names = run('tar', ['--list', '--file', output, '--quoting-style=escape']).trim().split('\n');
      expect(names).toHaveLength(wanted.size + 1);
    });

    it('gives modes by what Windows knows of files', async () => {
      expect(await session.stat('/read only')).toMatchObject({ mode: 0o444, uid: 0, gid: 0 });
      expect(await session.stat('/linked')).toMatchObject({ mode: 0o644, links: 61 });
      expect(await session.stat('/many')).toMatchObject({ mode: 0o755 });
      expect(await session.stat('/folder-link')).toMatchObject({ type: 'symlink', mode: 0o777 });
    });
  });
});
