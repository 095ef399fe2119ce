import { copyFile, link, lstat, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { fillBtrfs, makeBtrfs } from './support/btrfs-image.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { makeSampleTree } from './support/sample-tree.ts';
import { digest, type Facts, factsInside, factsOnDisk } from './support/tree-facts.ts';

/** Where a snapshot has an empty folder in the place of a subvolume that was nested. */
const LEFT_OUT = ['snapshot/nested', 'snapshot/deep/nested-too'];

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-btrfs-subvolumes-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A subvolume with others in it, a snapshot of it that went on by itself, and one that was deleted. */
async function fill(root: string): Promise<void> {
  const make = (path: string): string => run('btrfs', ['subvolume', 'create', join(root, path)]);
  make('main');
  make('gone');
  make('main/nested');
  await makeSampleTree(join(root, 'main', 'tree'));
  await mkdir(join(root, 'main', 'deep'));
  make('main/deep/nested-too');
  await writeFile(join(root, 'main', 'nested', 'inner'), 'inner');
  await writeFile(join(root, 'main', 'deep', 'nested-too', 'innermost'), 'innermost');
  run('btrfs', ['subvolume', 'snapshot', join(root, 'main'), join(root, 'snapshot')]);
  await writeFile(join(root, 'snapshot', 'tree', 'etc', 'passwd'), 'changed in the snapshot');
  await writeFile(join(root, 'main', 'later'), 'later than the snapshot');
  await link(join(root, 'main', 'later'), join(root, 'main', 'later again'));
  run('btrfs', ['subvolume', 'delete', '--commit-after', join(root, 'gone')]);
}

/** Without the numbers of files, which are those of a subvolume each on the machine. */
function withoutNodes(facts: ReadonlyMap<string, Facts>): Map<string, Omit<Facts, 'node'>> {
  return new Map([...facts].map(([path, { node: _node, ...file }]) => [path, file]));
}

/** How many different files the names are of. */
async function countFiles(root: string, paths: Iterable<string>): Promise<number> {
  const files = new Set<string>();
  for (const path of paths) {
    if (path.includes('m\udcfcll')) continue;
    const { dev, ino } = await lstat(join(root, path));
    files.add(`${dev} ${ino}`);
  }
  return files.size;
}

describeWithPeers(['btrfs-tools', 'loop-mounts'], 'subvolumes of btrfs', () => {
  it('are folders of the top level, also nested ones and snapshots, and the default one is told', async () => {
    const image = join(folder, 'subvolumes.raw');
    let wanted = new Map<string, Facts>();
    let files = 0;
    makeBtrfs([image], '1G', []);
    await fillBtrfs([image], async (mount) => {
      await fill(mount);
      run('btrfs', ['subvolume', 'set-default', join(mount, 'main')]);
      run('sync', ['--file-system', mount]);
      wanted = await factsOnDisk(mount);
      files = await countFiles(mount, wanted.keys());
    });
    await using session = await browse(await openRawPoint(image));
    expect(session.findings).toMatchObject([{ severity: 'info', code: 'default-subvolume' }]);
    expect(session.findings[0]?.message).toContain(`subvolume 256 ("main")`);
    const { reader, stat } = await session.find('/');
    const seen = await factsInside(reader, stat, (why) => expect.fail(why));
    const [there, inside] = [withoutNodes(wanted), withoutNodes(seen)];
    for (const path of LEFT_OUT) {
      expect(inside.get(path)).toMatchObject({ mode: 0o755, uid: 0, gid: 0 });
      expect(await namesOf(session, `/${path}`)).toEqual([]);
      there.delete(path);
      inside.delete(path);
    }
    for (const [path, file] of there) expect(inside.get(path), path).toEqual(file);
    expect([...inside.keys()].sort()).toEqual([...there.keys()].sort());
    const nodes = [...seen].filter(([path]) => !path.includes('m\udcfcll')).map(([, { node }]) => node);
    // the kernel gives all empty folders of a snapshot one number
    expect(new Set(nodes).size).toBe(files + LEFT_OUT.length - 1);
    expect(String(await contentOf(session, '/main/deep/nested-too/innermost'))).toBe('innermost');
    await expect(session.find('/snapshot/nested/inner')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('that were synced and not committed are told, as their log is not replayed, and no byte changes', async () => {
    const [image, taken] = [join(folder, 'mounted.raw'), join(folder, 'taken.raw')];
    makeBtrfs([image], '200M', []);
    await fillBtrfs([image], async (mount) => {
      await writeFile(join(mount, 'before'), 'before');
      run('sync', ['--file-system', mount]);
      await using file = await open(join(mount, 'synced'), 'w');
      await file.writeFile('synced');
      await file.sync();
      await copyFile(image, taken);
    });
    const before = digest(await readFile(taken));
    await using session = await browse(await openRawPoint(taken));
    expect(session.findings).toMatchObject([{ severity: 'warning', code: 'journal-unread' }]);
    expect(await namesOf(session, '/')).toContain('before');
    expect(digest(await readFile(taken))).toBe(before);
  });
});
