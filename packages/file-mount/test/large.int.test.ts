import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, lutimesSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type BrowseSession, extractToFile } from '@sendense/file-restore';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browseByWays } from './support/browse-by-ways.ts';
import { makeExt4 } from './support/ext4.ts';
import { differences, writeListing } from './support/listing.ts';
import { run } from './support/program.ts';
import { Scene } from './support/scene.ts';

const FILES = 100_000;
const SPARSE_BYTES = 5 * 2 ** 30 + 1;
/** A test that takes longer than this has become too slow to be run. */
const TIMEOUT_MS = 120_000;

let scene: Scene;
let disk = '';
let sparseDigest = '';

beforeAll(async () => {
  scene = await Scene.open();
  disk = scene.blank('disk.raw', '2G');
  makeExt4(disk, '2G');
  await scene.fill(disk, ['-o', 'loop'], async (mount) => {
    await makeSparse(join(mount, 'sparse'));
    // meanwhile
    const digest = promisify(execFile)('sha256sum', ['-b', join(mount, 'sparse')]);
    makeMany(join(mount, 'many'));
    writeListing(join(mount, 'many'), scene.at('made.lines'));
    sparseDigest = (await digest).stdout.slice(0, 64);
  });
}, TIMEOUT_MS);
afterAll(() => scene[Symbol.asyncDispose]());

/** All files in one folder: small ones, of different modes, owners and times. */
function makeMany(folder: string): void {
  mkdirSync(folder);
  for (let index = 0; index < FILES; index += 1) {
    const path = join(folder, `file ${index} ü`);
    writeFileSync(path, `${index}\n`, { mode: 0o600 + (index % 64) });
    if (index % 10 === 0) chownSync(path, index, index + 1);
    if (index % 7 === 0) lutimesSync(path, index, index + 0.25);
  }
}

async function makeSparse(path: string): Promise<void> {
  await using sparse = await open(path, 'w');
  await sparse.truncate(SPARSE_BYTES);
  for (const at of [0, 3 * 2 ** 30 + 4095, SPARSE_BYTES - 7]) await sparse.write('written', at);
}

/** Lets `look` work with the disk by one way, and makes sure that it was that one. */
async function byWay<T>(
  way: 'in-process' | 'mounted',
  look: (session: BrowseSession) => Promise<T>,
): Promise<T> {
  const { directory } = scene;
  await using session = await browseByWays({ directory, trustImage: true, ways: [way] }, disk);
  expect(session.ways).toMatchObject([{ way }]);
  return await look(session);
}

/** Unpacks an archive of all files that a way makes, and lists what came out. */
async function unpackedBy(way: 'in-process' | 'mounted'): Promise<string> {
  const [output, folder, listing] = [
    scene.at(`${way}.tar`),
    scene.at(`${way}.files`),
    scene.at(`${way}.lines`),
  ];
  const extract = (session: BrowseSession) =>
    extractToFile({ session, path: '/many', output, overwrite: false });
  const { findings } = await byWay(way, extract);
  expect(findings).toEqual([]);
  await mkdir(folder);
  run('tar', ['--numeric-owner', '-xpf', output, '-C', folder]);
  writeListing(join(folder, 'many'), listing);
  return listing;
}

async function digestOf(session: BrowseSession, path: string): Promise<string> {
  const hash = createHash('sha256');
  const found = await session.find(path);
  const range = { offset: 0, length: found.stat.sizeBytes };
  for await (const bytes of session.bytes(found, range)) hash.update(bytes);
  return hash.digest('hex');
}

describeWithPeers(
  ['loop-mounts', 'qemu-storage-daemon', 'fuse', 'ext4-tools'],
  'a large disk of ext4',
  () => {
    for (const way of ['in-process', 'mounted'] as const) {
      it(
        `gives all of ${FILES} files of one folder into an archive (${way}): names, modes, owners, times, bytes`,
        async () => {
          const made = scene.at('made.lines');
          // the folder itself, and two lines for each file
          expect((await readFile(made, 'utf8')).split('\n')).toHaveLength(2 * FILES + 2);
          expect(differences(made, await unpackedBy(way))).toBe('');
        },
        TIMEOUT_MS,
      );

      it(
        `gives all bytes of a sparse file of 5 GiB (${way})`,
        async () => {
          expect(await byWay(way, (session) => digestOf(session, '/sparse'))).toBe(sparseDigest);
        },
        TIMEOUT_MS,
      );
    }
  },
);
