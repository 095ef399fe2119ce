import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { makeManyFiles } from './support/sample-tree.ts';

const FILES = 100_000;

let folder = '';
let image = '';

describeWithPeers(['iso-tools'], 'a folder of 100,000 files on a disc', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-iso-large-'));
    image = join(folder, 'disc.iso');
    await mkdir(join(folder, 'tree'));
    await makeManyFiles(join(folder, 'tree', 'many'), FILES);
    // names of 31 letters: shorter ones of so many files would be alike, and take long to tell apart
    run('genisoimage', ['-quiet', '-R', '-l', '-o', image, join(folder, 'tree')]);
  }, 240_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is listed whole, each name once, and files are found in it', async () => {
    await using session = await browse(await openRawPoint(image));
    const names = new Set(await namesOf(session, '/many', 7000));
    expect(names.size).toBe(FILES);
    for (let index = 0; index < FILES; index += 997) expect(names.has(`file ${index}`)).toBe(true);
    expect(String(await contentOf(session, '/many/file 42000'))).toBe('42000');
  });
});
