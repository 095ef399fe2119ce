import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { type ManyFacts, makeManyFiles, manyNames } from './support/many-files.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { differences, factsInside } from './support/tree-facts.ts';

const FILES = 100_000;

let folder = '';
let image = '';
let made: Map<string, ManyFacts>;

describeWithPeers(['iso-tools'], 'a folder of 100,000 files on a disc', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-iso-large-'));
    image = join(folder, 'disc.iso');
    await mkdir(join(folder, 'tree'));
    made = makeManyFiles(join(folder, 'tree', 'many'), manyNames(FILES));
    // names of 31 letters: shorter ones of so many files would be alike, and take long to tell apart
    run('genisoimage', ['-quiet', '-R', '-l', '-o', image, join(folder, 'tree')]);
  }, 240_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is listed whole, each name once, and files are found in it', async () => {
    await using session = await browse(await openRawPoint(image));
    const names = await namesOf(session, '/many', 7000);
    expect(names).toHaveLength(FILES);
    expect(new Set(names)).toEqual(new Set(made.keys()));
    expect(String(await contentOf(session, '/many/file 42000'))).toBe('42000\n');
  });

  it('gives every file as it was made: mode, owner, time, bytes', async () => {
    await using session = await browse(await openRawPoint(image));
    const { reader, stat } = await session.find('/many');
    expect(differences(made, await factsInside(reader, stat, (why) => expect.fail(why)))).toEqual([]);
  });
});
