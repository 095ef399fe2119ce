import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { link } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { listMounts, reconcileMounts } from '../src/index.ts';
import { browseByWays } from './support/browse-by-ways.ts';
import { makeExt4 } from './support/ext4.ts';
import { factsBrowsed, factsOnDisk } from './support/facts.ts';
import { run } from './support/program.ts';
import { restsOf } from './support/rests.ts';
import { Scene } from './support/scene.ts';
import { makeTree } from './support/tree.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene[Symbol.asyncDispose]());

/** Programs that belong to virtual machines of libguestfs, but for those that ended and that nobody asked after. */
function guests(): readonly string[] {
  return run('ps', ['-e', '-ww', '-o', 'pid=,args='])
    .split('\n')
    .filter((line) => /guestmount|[.]guestfs-/u.test(line) && !line.endsWith('<defunct>'));
}

/** Kills the one virtual machine of this scene, but not the program that shows its files. */
async function endEmulator(): Promise<void> {
  const emulators = () =>
    guests().filter((line) => line.includes('qemu-system') && line.includes(scene.folder));
  expect(emulators()).toHaveLength(1);
  process.kill(Number.parseInt(emulators()[0] ?? '', 10), 'SIGKILL');
  await vi.waitUntil(() => emulators().length === 0);
}

describeWithPeers(
  ['libguestfs', 'squashfs-tools'],
  'a disk that nobody trusts, and nothing in process reads',
  () => {
    it('is read in a virtual machine, and nothing is left of that', async () => {
      const tree = scene.at('tree');
      await makeTree(tree, 'appliance', true);
      const disk = scene.at('disk.raw');
      run('mksquashfs', [tree, disk, '-noappend', '-quiet', '-no-progress']);
      const { directory } = scene;
      const before = guests();
      {
        const ways = ['in-process', 'mounted', 'appliance'] as const;
        await using session = await browseByWays({ directory, ways: [...ways] }, disk);
        expect(session.ways).toMatchObject([
          { way: 'appliance', missing: [{ way: 'in-process' }, { way: 'mounted' }] },
        ]);
        expect(session.findings).toMatchObject([
          { code: 'volume-appliance', object: 'disk-0' },
          { severity: 'warning', code: 'links-apart', object: 'disk-0' },
        ]);
        const made = [...(await factsOnDisk(tree))].map(([path, { mtimeNs, ...facts }]) => {
          return [path, { ...facts, mtimeNs: (mtimeNs / 1_000_000_000n) * 1_000_000_000n }] as const;
        });
        expect(await factsBrowsed(session, '/')).toEqual(new Map(made));
      }
      expect(await listMounts(directory)).toEqual([]);
      expect(restsOf(scene.folder)).toEqual([]);
      expect(guests()).toEqual(before);
    });

    it('is lost when its virtual machine ends: no archive of it ends as if it were whole', async () => {
      const { directory } = scene;
      await using session = await browseByWays({ directory, ways: ['appliance'] }, scene.at('disk.raw'));
      const told: Finding[] = [];
      const archive = session.tar(await session.find('/'), 'all', (finding) => told.push(finding));
      await archive.next();
      await endEmulator();
      const rest = (async () => {
        for await (const { byteLength } of archive) expect(byteLength).toBeGreaterThan(0);
      })();
      await expect(rest).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
      expect(told).toEqual([]);
    });

    it('has no program any more when its process was killed, and nothing at all after the next reconcile', async () => {
      const { directory } = scene;
      const before = guests();
      const program = join(import.meta.dirname, 'keep-open-process.ts');
      const options = JSON.stringify({ directory, ways: ['appliance'] });
      const args = [...process.execArgv, program, options, scene.at('disk.raw')];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const closed = once(child, 'close');
      const [said] = (await once(child.stdout, 'data')) as [Buffer];
      expect(said.toString()).toContain('"way":"appliance"');
      child.kill('SIGKILL');
      await closed;
      expect(restsOf(scene.folder)).not.toEqual([]);
      // libguestfs looks every two seconds whether the emulator of a program that has gone is there still
      await vi.waitUntil(() => guests().every((line) => before.includes(line)), { timeout: 20_000 });
      expect((await reconcileMounts(directory)).removed).toHaveLength(1);
      expect(restsOf(scene.folder)).toEqual([]);
      expect(guests()).toEqual(before);
    });
  },
);

describeWithPeers(['libguestfs', 'ext4-tools'], 'a disk of ext4', () => {
  it('has the same files in a virtual machine as in process', async () => {
    const tree = scene.at('ext4.tree');
    await makeTree(tree, 'ext4', true);
    await link(join(tree, 'noise'), join(tree, 'docs', 'noise again'));
    const disk = scene.at('ext4.raw');
    makeExt4(disk, '32M', tree);
    const { directory } = scene;
    await using inProcess = await browseByWays({ directory }, disk);
    await using session = await browseByWays({ directory, ways: ['appliance'] }, disk);
    expect(session.ways).toMatchObject([{ way: 'appliance', missing: [] }]);
    const wanted = await factsBrowsed(inProcess, '/');
    expect(wanted.size).toBeGreaterThan(40);
    expect(await factsBrowsed(session, '/')).toEqual(wanted);
  });
});
