import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type BrowseSession, extractToFile } from '@sendense/file-restore';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect } from 'vitest';
import { makeExt4 } from './support/ext4.ts';
import { digest, type Facts } from './support/facts.ts';
import { testLargeDisk, type Way } from './support/large-disk.ts';
import { run } from './support/program.ts';
import type { Scene } from './support/scene.ts';

/** Unpacks an archive of all files that a way makes, and gives what came out. */
async function unpacked(scene: Scene, session: BrowseSession, way: Way): Promise<Map<string, Facts>> {
  const [output, folder] = [scene.at(`${way}.tar`), scene.at(`${way}.files`)];
  const { findings } = await extractToFile({ session, path: '/many', output, overwrite: false });
  expect(findings).toEqual([]);
  await mkdir(folder);
  run('tar', ['--numeric-owner', '-xpf', output, '-C', folder]);
  return filesIn(join(folder, 'many'));
}

/** All files of a folder that holds nothing else; calls that do not wait tell them several times faster. */
function filesIn(folder: string): Map<string, Facts> {
  const files = new Map<string, Facts>();
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const { mode, uid, gid, mtimeNs } = lstatSync(path, { bigint: true });
    const [rights, user, group] = [Number(mode & 0o7777n), Number(uid), Number(gid)];
    const content = digest(readFileSync(path));
    files.set(name, { type: 'file', mode: rights, uid: user, gid: group, mtimeNs, content });
  }
  return files;
}

const peers = ['loop-mounts', 'qemu-storage-daemon', 'fuse', 'ext4-tools'];

describeWithPeers(peers, 'a large disk of ext4, its folder taken out as an archive', () => {
  testLargeDisk({
    size: '2G',
    files: 100_000,
    keeps: { owners: true, fractions: true },
    hasHoles: true,
    make: (disk) => makeExt4(disk, '2G'),
    fill: (scene, disk, fill) => scene.fill(disk, ['-o', 'loop'], fill),
    look: unpacked,
  });
});
