import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { fillFolder } from './support/exfat-entries.ts';
import { checkExfat, ExfatBytes, makeExfat, mountExfat } from './support/exfat-image.ts';
import { type ManyFacts, manyFile, manyNames } from './support/many-files.ts';
import { openRawPoint } from './support/raw-point.ts';
import { differences, factsInside } from './support/tree-facts.ts';

const FILES = 100_000;

let folder = '';
let image = '';
let made: Map<string, ManyFacts>;

/** exfat-fuse would take many minutes, as it looks for each name from the begin of the folder: so the test makes the entries. */
describeWithPeers(['exfat-tools', 'loop-mounts', 'fuse'], 'a folder of 100,000 files on exFAT', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-exfat-large-'));
    image = join(folder, 'disk.raw');
    await makeExfat(image, '128M', ['-c', '512']);
    await mountExfat(image, (mount) => mkdir(join(mount, 'many')));
    const disk = new ExfatBytes(await readFile(image));
    const files = manyNames(FILES).map((name, index) => ({ name, ...manyFile(index, false) }));
    fillFolder(disk, 'many', files);
    await writeFile(image, disk.bytes);
    made = new Map(files.map(({ name, facts }) => [name, facts]));
  }, 240_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is as many files to fsck.exfat, which finds nothing wrong', () => {
    expect(checkExfat(image)).toEqual({ folders: 2, files: FILES });
  });

  it('is listed whole, each name once, and files are found in it', async () => {
    await using session = await browse(await openRawPoint(image));
    const names = await namesOf(session, '/many', 7000);
    expect(names).toHaveLength(FILES);
    expect(new Set(names)).toEqual(new Set(made.keys()));
    expect(String(await contentOf(session, '/many/FILE 42000'))).toBe('42000\n');
  });

  it('gives every file as it was made: mode, time, bytes', async () => {
    await using session = await browse(await openRawPoint(image));
    const { reader, stat } = await session.find('/many');
    expect(differences(made, await factsInside(reader, stat, (why) => expect.fail(why)))).toEqual([]);
  });
});
