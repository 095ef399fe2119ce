import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDiskImage } from '@sendense/formats';
import { createQemuTarget } from '@sendense/target-qemu';
import type { TargetFixture } from '@sendense/testkit';
import { FakeLibvirt } from './fake-libvirt.ts';

/** A target over a new folder and a libvirt that is modelled. */
export async function openTargetFixture(format: 'raw' | 'qcow2'): Promise<TargetFixture> {
  const root = await mkdtemp(join(tmpdir(), 'sendense-target-'));
  const folder = join(root, 'images');
  await mkdir(folder);
  const libvirt = new FakeLibvirt();
  const open = () =>
    createQemuTarget(
      { name: 'restored', folder, format, defaultNetwork: { network: 'default' } },
      { virsh: libvirt.open(), temporaryDirectory: root },
    );
  return {
    target: open(),
    options: {},
    restored: async ({ disks }, number) => await openDiskImage(disks[number]?.location ?? '', { format }),
    reopen: async () => open(),
    objects: async () => [...(await readdir(folder)), ...libvirt.domains.keys()],
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}
