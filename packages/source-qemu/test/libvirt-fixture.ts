import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskId } from '@sendense/core';
import { createQemuSource } from '@sendense/source-qemu';
import type { SourceFixture } from '@sendense/testkit';
import { type LibvirtDaemon, startDomain } from '@sendense/tests/libvirt';
import { machineOf } from './live-fixture.ts';

/** What captures have in the scratch folder; the files that give the folders their names say whose they are. */
async function scratchObjects(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  const marks = names.filter((name) => names.includes(`${name}.d`));
  const made = await Promise.all(marks.map((name) => readFile(join(folder, name), 'utf8')));
  const owned = marks.flatMap((name) => [name, `${name}.d`]);
  return [...made.map((name) => `folder of ${name}`), ...names.filter((name) => !owned.includes(name))];
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
      const checkpoints = await libvirt.virsh('checkpoint-list', domain.name, '--name');
      return [
        ...checkpoints.split('\n').filter((name) => name.trim() !== ''),
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
