import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { joinFolders } from './support/fat-entries.ts';
import { type ManyFacts, makeManyFiles } from './support/many-files.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { differences, factsInside } from './support/tree-facts.ts';

/** A folder has 2 MiB at most, 65,536 entries; two of them are itself and the one above. Each short name takes one. */
const FILES = 65_534;
/** So many entries, with those two, make up folders of whole clusters. */
const PART = 2046;
const NAMES = Array.from({ length: FILES }, (_, index) => `F${index}`);

let folder = '';
let image = '';
let made: Map<string, ManyFacts>;

/** mcopy would take minutes for all of them in one folder: it makes many folders, and the test joins their entries. */
describeWithPeers(['fat-tools'], 'a folder of FAT32 with as many files as one can hold', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-fat-large-'));
    image = join(folder, 'disk.raw');
    const tree = join(folder, 'tree');
    await mkdir(tree);
    made = new Map();
    const parts: string[] = [];
    for (let first = 0; first < FILES; first += PART) {
      const part = `D${parts.length}`;
      parts.push(part);
      const files = makeManyFiles(join(tree, part), NAMES.slice(first, first + PART), {
        first,
        hasOwners: false,
      });
      for (const [name, facts] of files) made.set(name, facts);
    }
    run('truncate', ['-s', '64M', image]);
    run('mkfs.fat', ['-F', '32', '-s', '1', image]);
    run('mcopy', ['-i', image, '-m', '-s', ...parts.map((part) => join(tree, part)), '::']);
    const bytes = await readFile(image);
    joinFolders(bytes, parts);
    await writeFile(image, bytes);
  }, 240_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is as many files to mdir', () => {
    const listed = run('mdir', ['-i', image, '-b', '::D0']).trim().split('\n');
    expect(new Set(listed)).toEqual(new Set(NAMES.map((name) => `::/D0/${name}`)));
  });

  it('is listed whole, each name once, and files are found in it', async () => {
    await using session = await browse(await openRawPoint(image));
    const names = await namesOf(session, '/D0', 7000);
    expect(names).toHaveLength(FILES);
    expect(new Set(names)).toEqual(new Set(made.keys()));
    expect(String(await contentOf(session, '/d0/f42000'))).toBe('42000\n');
  });

  it('gives every file as it was made: mode, time, bytes', async () => {
    await using session = await browse(await openRawPoint(image));
    const { reader, stat } = await session.find('/D0');
    expect(differences(made, await factsInside(reader, stat, (why) => expect.fail(why)))).toEqual([]);
  });
});
