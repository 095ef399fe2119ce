import { copyFile, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { dumpTree, fillBtrfs, makeBtrfs } from './support/btrfs-image.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-btrfs-damage-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describeWithPeers(['btrfs-tools', 'loop-mounts'], 'a subvolume of btrfs that was deleted', () => {
  it('and is not cleaned away is not shown, and hinders nothing', async () => {
    const [image, taken] = [join(folder, 'mounted.raw'), join(folder, 'taken.raw')];
    makeBtrfs([image], '200M', []);
    await fillBtrfs([image], async (mount) => {
      run('btrfs', ['subvolume', 'create', join(mount, 'gone')]);
      await writeFile(join(mount, 'kept'), 'kept');
      // the kernel does not clean away what is open
      await using file = await open(join(mount, 'gone', 'open'), 'w');
      await file.writeFile('open');
      run('btrfs', ['subvolume', 'delete', '--commit-after', join(mount, 'gone')]);
      run('sync', ['--file-system', mount]);
      await copyFile(image, taken);
    });
    expect(dumpTree(taken, 'root')).toMatch(/DATA_RELOC_TREE ROOT_ITEM.*ORPHAN ORPHAN_ITEM 256/su);
    await using session = await browse(await openRawPoint(taken));
    expect(session.volumes).toMatchObject([{ fileSystem: 'btrfs', access: 'in-process' }]);
    expect(await namesOf(session, '/')).toEqual(['kept']);
    expect(String(await contentOf(session, '/kept'))).toBe('kept');
  });
});
