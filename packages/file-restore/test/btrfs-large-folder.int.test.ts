import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { fillBtrfs, makeBtrfs } from './support/btrfs-image.ts';
import { openRawPoint } from './support/raw-point.ts';
import { makeManyFiles } from './support/sample-tree.ts';

const FILES = 100_000;

let folder = '';
let image = '';

describeWithPeers(['btrfs-tools', 'loop-mounts'], 'a folder of 100,000 files on btrfs', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-btrfs-large-'));
    image = join(folder, 'disk.raw');
    makeBtrfs([image], '2G', []);
    await fillBtrfs([image], (mount) => makeManyFiles(join(mount, 'many'), FILES));
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
