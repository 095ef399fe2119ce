import path from 'node:path';
import { execa } from 'execa';
import { clusterWrites, scatteredClusters } from '../data/scattered.ts';
import type { Workbench } from '../workbench.ts';
import { type FreshRepository, freshRepository } from './our-backup.ts';

/** What a chain is made of. */
export type ChainPlan = {
  /** A raw disk: the content of the full. */
  readonly source: string;
  /** Images in the chain. */
  readonly depth: number;
  /** How much of the disk each increment holds, from 0 to 1. */
  readonly share: number;
};

/** A chain in a repository. */
export type Chain = {
  readonly repository: FreshRepository;
  /** The newest point. */
  readonly pointId: string;
  /** Its image. */
  readonly image: string;
  /** The QCOW2 image that was backed up, as it is now. */
  readonly disk: string;
};

/** Writes as a stopped guest would, scattered: `share` of the disk, each time elsewhere and with other bytes. */
export async function writeScattered(
  disk: string,
  sizeBytes: number,
  share: number,
  seed: number,
): Promise<void> {
  const writes = clusterWrites(scatteredClusters(sizeBytes, share, seed), seed);
  await execa('qemu-io', ['-f', 'qcow2', disk], { input: `${writes.join('\n')}\n` });
}

/** A QCOW2 image with the content of a raw one. */
export async function copyToQcow2(source: string, disk: string): Promise<void> {
  await execa('qemu-img', ['convert', '-q', '-f', 'raw', '-O', 'qcow2', source, disk]);
}

/** Makes a chain of that depth; `each` is called with every length that it has on the way. */
export async function growChain(
  bench: Workbench,
  folder: string,
  { source, depth, share }: ChainPlan,
  each: (chain: Chain, length: number) => Promise<void> = async () => undefined,
): Promise<Chain> {
  const disk = path.join(folder, 'disk.qcow2');
  await copyToQcow2(source, disk);
  const repository = freshRepository(bench, folder);
  await repository.renew();
  const size = bench.settings.sizeBytes;
  let chain: Chain = { repository, pointId: '', image: '', disk };
  for (let length = 1; length <= depth; length++) {
    if (length > 1) await writeScattered(disk, size, share, length);
    chain = await backUp(bench, chain, length === 1 ? 'full' : 'incremental');
    await each(chain, length);
  }
  return chain;
}

async function backUp(bench: Workbench, chain: Chain, type: 'full' | 'incremental'): Promise<Chain> {
  const { repository, disk } = chain;
  const where = ['--source', `image:${disk}`, '--repository', repository.path, '--type', type];
  const made = await bench.ctlJson(repository.home, 'backup', 'start', ...where);
  const [stored] = made.disks as { path: string }[];
  return { ...chain, pointId: String(made.pointId), image: stored?.path ?? '' };
}
