import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskId } from '@sendense/core';
import { openQcow2 } from '@sendense/formats/qcow2';
import { createQemuSource } from '@sendense/source-qemu';
import type { SourceFixture } from '@sendense/testkit';
import { type LibvirtDaemon, LiveDomain, startDomain } from '@sendense/tests/libvirt';
import { execa } from 'execa';
import { machineOf } from './live-fixture.ts';

/** What captures have in the scratch folder; the files that give the folders their names say whose they are. */
async function scratchObjects(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  const marks = names.filter((name) => names.includes(`${name}.d`));
  const made = await Promise.all(marks.map((name) => readFile(join(folder, name), 'utf8')));
  const owned = marks.flatMap((name) => [name, `${name}.d`]);
  return [...made.map((name) => `folder of ${name}`), ...names.filter((name) => !owned.includes(name))];
}

/** The checkpoints that libvirt knows of. */
export async function checkpointsOf(
  libvirt: LibvirtDaemon,
  { name }: LiveDomain,
): Promise<readonly string[]> {
  const checkpoints = await libvirt.virsh('checkpoint-list', name, '--name');
  return checkpoints.split('\n').filter((line) => line.trim() !== '');
}

/** A domain of `libvirt` with an empty disk of each size, whose guest the test plays. */
export async function openLibvirtFixture(
  libvirt: LibvirtDaemon,
  sizes: readonly number[],
): Promise<SourceFixture> {
  const uuid = crypto.randomUUID();
  const targets = sizes.map((_, index) => `vd${String.fromCharCode(97 + index)}`);
  const disks = targets.map((target, index) => ({ target, sizeBytes: sizes[index] ?? 0 }));
  const domain = await startDomain(libvirt, { name: `vm-${uuid.slice(0, 8)}`, uuid, disks });
  const scratch = await libvirt.makeFolder(`scratch-${uuid.slice(0, 8)}`);
  const reopen = async () =>
    createQemuSource({ libvirt: { domain: domain.name, uri: libvirt.uri }, scratch });
  const source = await reopen();
  const pattern = join(libvirt.folder, `${domain.name}.pattern`);
  return {
    source,
    machine: await machineOf(source),
    disks: targets.map((target) => diskId(target)),
    write: async (disk, offset, data) => {
      await writeFile(pattern, data);
      await libvirt.own(pattern);
      await domain.io(targets[disk] ?? '', `write -s ${pattern} ${offset} ${data.byteLength}`);
    },
    resize: async (disk, size) => {
      await libvirt.virsh('blockresize', domain.name, targets[disk] ?? '', `${size}b`);
    },
    reopen,
    objects: async () => {
      return [
        ...(await checkpointsOf(libvirt, domain)),
        ...(await domain.bitmaps()),
        ...(await scratchObjects(scratch)),
      ];
    },
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
      await domain.destroy();
    },
  };
}

/** A domain of `libvirt` that is shut off; between the captures `qemu-io` writes, as a guest that ran meanwhile. */
export async function openStoppedFixture(
  libvirt: LibvirtDaemon,
  sizes: readonly number[],
): Promise<SourceFixture> {
  const uuid = crypto.randomUUID();
  const domain = new LiveDomain(libvirt, { name: `vm-${uuid.slice(0, 8)}`, uuid });
  const targets = sizes.map((_, index) => `vd${String.fromCharCode(97 + index)}`);
  for (const [index, target] of targets.entries()) {
    await domain.addDisk({ target, sizeBytes: sizes[index] ?? 0 });
  }
  await domain.define();
  const reopen = async () => createQemuSource({ libvirt: { domain: domain.name, uri: libvirt.uri } });
  const source = await reopen();
  const path = (disk: number) => domain.path(targets[disk] ?? '');
  return {
    source,
    machine: await machineOf(source),
    disks: targets.map((target) => diskId(target)),
    write: async (disk, offset, data) => {
      const pattern = join(libvirt.folder, `${domain.name}.pattern`);
      await writeFile(pattern, data);
      await execa('qemu-io', ['-c', `write -s ${pattern} ${offset} ${data.byteLength}`, path(disk)]);
    },
    resize: async (disk, size) => {
      await execa('qemu-img', ['resize', '-q', '--shrink', path(disk), String(size)]);
    },
    reopen,
    objects: async () => {
      const stored = await Promise.all(targets.map((target) => storedBitmaps(domain.path(target))));
      return [...(await checkpointsOf(libvirt, domain)), ...stored.flat()];
    },
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
      await libvirt.virsh('undefine', domain.name, '--checkpoints-metadata');
    },
  };
}

/** The names of the bitmaps that an image file holds. */
export async function storedBitmaps(path: string): Promise<readonly string[]> {
  await using image = await openQcow2(path, { parents: { folders: ['/'] } });
  return image.bitmaps.map(({ name }) => name).sort();
}
