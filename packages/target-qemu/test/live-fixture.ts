import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openDiskImage } from '@sendense/formats';
import type { TargetFixture } from '@sendense/testkit';
import type { LibvirtDaemon } from '@sendense/tests/libvirt';
import { liveTarget } from './live-host.ts';

/** A target over a new folder and the daemon, whose domains are gone at the end. */
export async function openLiveFixture(libvirt: LibvirtDaemon): Promise<TargetFixture> {
  const folder = await mkdtemp(join(libvirt.folder, 'images-'));
  const options = { name: 'restored', format: 'qcow2', defaultNetwork: 'none' } as const;
  const uuids = async (): Promise<readonly string[]> =>
    (await libvirt.virsh('list', '--all', '--uuid')).split('\n').filter((line) => line !== '');
  return {
    target: liveTarget(libvirt, folder, options),
    options: {},
    restored: async ({ disks }, number) =>
      await openDiskImage(disks[number]?.location ?? '', { format: 'qcow2' }),
    reopen: async () => liveTarget(libvirt, folder, options),
    objects: async () => [...(await readdir(folder)), ...(await uuids())],
    [Symbol.asyncDispose]: async () => {
      for (const uuid of await uuids()) await libvirt.virsh('undefine', uuid);
      await rm(folder, { recursive: true });
    },
  };
}
