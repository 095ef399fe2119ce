import { mkdir, mkdtemp, open, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extractToFile } from '../src/extract/extract-to-file.ts';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { dumpTree, fillBtrfs, makeBtrfs } from './support/btrfs-image.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { makeSampleTree, noise, SPARSE } from './support/sample-tree.ts';
import { type Facts, factsInside, factsOnDisk } from './support/tree-facts.ts';

const KIB = 1024;
/** Sizes of nodes, each checksum, holes with items and without, data and metadata apart and mixed. */
const KINDS: readonly (readonly [string, readonly string[]])[] = [
  ['as mkfs.btrfs makes it', []],
  ['with nodes of 4 KiB, mixed groups and SHA-256', ['-M', '-n', '4096', '--csum', 'sha256']],
  [
    'with nodes of 64 KiB, items for holes and BLAKE2b',
    ['-n', '65536', '-O', '^no-holes', '--csum', 'blake2'],
  ],
  ['with nodes of 4 KiB and xxHash', ['-n', '4096', '--csum', 'xxhash']],
];
const ALGORITHMS: readonly (readonly [string, number])[] = [
  ['zlib', 1],
  ['lzo', 2],
  ['zstd', 3],
];
const LATE = Date.UTC(2150, 1, 2) / 1000;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-btrfs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What machines have, and what btrfs stores in its own ways. */
async function fill(root: string): Promise<void> {
  await makeSampleTree(join(root, 'tree'));
  for (const count of [3, 60, 6000]) {
    await mkdir(join(root, `names-${count}`));
    for (let index = 0; index < count; index += 1)
      await writeFile(join(root, `names-${count}`, `file number ${index}`), '');
  }
  for (let index = 100; index < 5900; index += 1) await rm(join(root, 'names-6000', `file number ${index}`));
  await writeScattered(join(root, 'scattered'));
  run('fallocate', ['--length', '1M', join(root, 'unwritten')]);
  await using unwritten = await open(join(root, 'unwritten'), 'r+');
  await unwritten.write(noise(8 * KIB, 'written'), 0, 8 * KIB, 512 * KIB);
  run('mknod', [join(root, 'device'), 'c', '10', '200']);
  run('mkfifo', [join(root, 'pipe')]);
  run('cp', ['--reflink=always', join(root, 'tree', 'noise'), join(root, 'same-blocks')]);
  await writeFile(join(root, 'no-checksums'), '');
  run('chattr', ['+C', join(root, 'no-checksums')]);
  await writeFile(join(root, 'no-checksums'), noise(50_000, 'no checksums'));
  await symlink('x'.repeat(3000), join(root, 'long-link'));
  await writeFile(join(root, 'late'), 'late');
  await utimes(join(root, 'late'), LATE, LATE);
  for (const [algorithm] of ALGORITHMS) await writePacked(root, algorithm);
}

/** Every other block of a file: many extents. */
async function writeScattered(path: string): Promise<void> {
  await using file = await open(path, 'w');
  for (let index = 0; index < 1500; index += 1)
    await file.write(noise(4 * KIB, `scattered ${index}`), 0, 4 * KIB, index * 8 * KIB);
}

/** Text, noise and zeros by turns, compressed; then parts of it written anew, so that extents hold more than is used of them. */
async function writePacked(root: string, algorithm: string): Promise<void> {
  run('mount', ['-o', `remount,compress-force=${algorithm}`, root]);
  await writeFile(join(root, `small-${algorithm}`), `${algorithm} `.repeat(300));
  const path = join(root, `packed-${algorithm}`);
  await writeFile(path, packedContent(algorithm));
  run('sync', ['--file-system', root]);
  run('mount', ['-o', 'remount,compress=no', root]);
  await using file = await open(path, 'r+');
  for (const at of [20_000, 300_000, 700_001])
    await file.write(noise(9000, `${algorithm} ${at}`), 0, 9000, at);
  run('sync', ['--file-system', root]);
}

function packedContent(algorithm: string): Buffer {
  const parts = Array.from({ length: 60 }, (_, index) => [
    Buffer.from(`${algorithm}, line ${index} of many\n`.repeat(200 + index * 10)),
    noise(100 + index * 211, `${algorithm} ${index}`),
    Buffer.alloc(index * 300),
  ]);
  return Buffer.concat(parts.flat());
}

describeWithPeers(['btrfs-tools', 'loop-mounts'], 'a disk of btrfs', () => {
  describe.each(KINDS)('%s', (title, options) => {
    const image = (): string => join(folder, `${title.replaceAll(/[ ,]+/gu, '-')}.raw`);
    let session: BrowseSession;
    let wanted = new Map<string, Facts>();

    beforeAll(async () => {
      makeBtrfs([image()], '1G', ['-L', 'sample', ...options]);
      await fillBtrfs([image()], async (mount) => {
        await fill(mount);
        run('sync', ['--file-system', mount]);
        wanted = await factsOnDisk(mount);
      });
      session = await browse(await openRawPoint(image()));
    }, 240_000);
    afterAll(() => session[Symbol.asyncDispose]());

    it('is told by its kind and name, and nothing is wrong with it', () => {
      expect(session.volumes).toMatchObject([
        { id: 'disk-0', kind: 'disk', fileSystem: 'btrfs', fileSystemLabel: 'sample', access: 'in-process' },
      ]);
      expect(session.findings).toEqual([]);
    });

    it('holds every file with the bytes, mode, owner, size, times and links that the kernel shows', async () => {
      const { reader, stat } = await session.find('/');
      const seen = await factsInside(reader, stat, (why) => expect.fail(why));
      for (const [path, file] of wanted) expect(seen.get(path), path).toEqual(file);
      expect([...seen.keys()].sort()).toEqual([...wanted.keys()].sort());
    });

    it('holds extents that are compressed by each algorithm, which can be read from anywhere', async () => {
      const dump = dumpTree(image(), '5');
      for (const [algorithm, number] of ALGORITHMS) {
        expect(dump).toMatch(
          new RegExp(`inline extent data .* compression ${number} \\(${algorithm}\\)`, 'u'),
        );
        expect(dump).toMatch(new RegExp(`extent compression ${number} \\(${algorithm}\\)`, 'u'));
        const found = await session.find(`/packed-${algorithm}`);
        const whole = await contentOf(session, `/packed-${algorithm}`);
        for (const [offset, length] of [
          [1, 1],
          [19_990, 20_000],
          [131_071, 2],
          [290_000, 400_000],
        ] as const) {
          const bytes = Buffer.alloc(length);
          for await (const piece of session.read(found, { offset, length }))
            bytes.set(piece.bytes, piece.offset - offset);
          expect(bytes.equals(whole.subarray(offset, offset + length)), `${algorithm} ${offset}`).toBe(true);
        }
      }
    });

    it('keeps holes, and gives what was allocated and never written as zeros', async () => {
      const sparse = await session.find('/tree/sparse');
      const extents = await collect(session.extents(sparse, { offset: 0, length: SPARSE.sizeBytes }));
      expect(extents.reduce((sum, { length }) => sum + length, 0)).toBe(SPARSE.sizeBytes);
      const dataBytes = extents
        .filter(({ kind }) => kind === 'data')
        .reduce((sum, { length }) => sum + length, 0);
      expect(dataBytes).toBeLessThan(2_000_000);
      for (const at of SPARSE.at) {
        const [piece] = await collect(session.read(sparse, { offset: at, length: 4000 }));
        expect(Buffer.from(piece?.bytes ?? [])).toEqual(noise(4000, `sparse ${at}`));
      }
      const unwritten = await session.find('/unwritten');
      const kinds = await collect(session.extents(unwritten, { offset: 0, length: 1024 * KIB }));
      expect(kinds.map(({ kind, length }) => [kind, length])).toEqual([
        ['zero', 512 * KIB],
        ['data', 8 * KIB],
        ['zero', 504 * KIB],
      ]);
    });

    it('is taken out whole, also files that share blocks', async () => {
      const output = join(folder, 'all.tar');
      const { findings } = await extractToFile({ session, path: '/', output, overwrite: true });
      expect(findings).toEqual([]);
      const names = run('tar', ['--list', '--file', output, '--quoting-style=escape']).trim().split('\n');
      expect(names).toHaveLength(wanted.size + 1);
    });

    it('tells devices, finds names, and lists the same in pages of any size', async () => {
      const device = { major: 10, minor: 200 };
      expect(await session.stat('/device')).toMatchObject({ type: 'char-device', device });
      expect(await session.stat('/pipe')).toMatchObject({ type: 'fifo' });
      for (const path of ['/names-3', '/names-60', '/names-6000']) {
        const whole = await namesOf(session, path);
        for (const limit of [1, 7]) expect(await namesOf(session, path, limit), path).toEqual(whole);
        for (const name of whole)
          expect(await session.stat(`${path}/${name}`)).toMatchObject({ sizeBytes: 0 });
      }
      await expect(session.find('/names-60/none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
  });
});
