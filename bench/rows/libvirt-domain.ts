import { rm } from 'node:fs/promises';
import path from 'node:path';
import { type LibvirtDaemon, LiveDomain } from '@sendense/tests/libvirt';
import { clusterWrites, scatteredClusters } from '../data/scattered.ts';
import { copyToQcow2 } from './grow-chain.ts';

const TARGET = 'vda';

/** A running domain of libvirt that one of the programs backs up. */
export type BackedUpDomain = {
  readonly name: string;
  /** Writes `share` of the disk as the guest, scattered; the same for the same seed. */
  change(sizeBytes: number, share: number, seed: number): Promise<void>;
  /** Forgets every checkpoint, so that the next full is the first. */
  forget(): Promise<void>;
};

/** Starts a domain with the content of a raw disk. Ends with the daemon. */
export async function startFilledDomain(
  libvirt: LibvirtDaemon,
  { name, source }: { readonly name: string; readonly source: string },
): Promise<BackedUpDomain> {
  const image = path.join(libvirt.folder, `${name}.qcow2`);
  await rm(image, { force: true });
  await copyToQcow2(source, image);
  await libvirt.own(image);
  const domain = new LiveDomain(libvirt, { name, uuid: crypto.randomUUID() });
  domain.useImage(TARGET, image);
  await domain.start();
  return {
    name,
    change: (sizeBytes, share, seed) =>
      domain.io(TARGET, ...clusterWrites(scatteredClusters(sizeBytes, share, seed), seed)),
    async forget() {
      const names = await libvirt.virsh('checkpoint-list', name, '--name', '--topological');
      for (const checkpoint of names
        .split('\n')
        .filter((line) => line !== '')
        .toReversed())
        await libvirt.virsh('checkpoint-delete', name, checkpoint);
    },
  };
}
