import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskId, type MachineRef, type SourceConnector } from '@sendense/core';
import { createQemuSource } from '@sendense/source-qemu';
import type { SourceFixture } from '@sendense/testkit';
import { LiveQemu } from '@sendense/tests/qemu';
import { execa } from 'execa';

/** Makes an empty image with qemu-img. */
export async function createImage(path: string, sizeBytes: number, format = 'qcow2'): Promise<void> {
  await execa('qemu-img', ['create', '-q', '-f', format, path, String(sizeBytes)]);
}

/** A short folder: sockets hold 107 characters. */
export async function makeFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'sendense-qemu-'));
}

/** The one machine of `source`. */
export async function machineOf(source: SourceConnector): Promise<MachineRef> {
  for await (const { machine } of source.machines()) return machine;
  throw new Error('the source has no machine');
}

type Node = {
  readonly 'node-name': string;
  readonly drv: string;
  readonly image: { readonly filename: string };
  readonly 'dirty-bitmaps'?: readonly { readonly name?: string }[];
};

/** Everything that Sendense has in a QEMU and in the folder of its images, by its own account. */
export async function ourObjects(qemu: LiveQemu, folder: string): Promise<readonly string[]> {
  const nodes = (await qemu.command('query-named-block-nodes', { flat: true })) as readonly Node[];
  const jobs = (await qemu.command('query-jobs')) as readonly { readonly id: string }[];
  const exports = (await qemu.command('query-block-exports')) as readonly { readonly id: string }[];
  return [
    ...nodes.flatMap(
      (node) => node['dirty-bitmaps']?.map(({ name }) => `${node['node-name']}: ${name ?? ''}`) ?? [],
    ),
    // filters belong to their jobs
    ...nodes
      .filter((node) => node['node-name'].startsWith('sendense') && node.drv !== 'copy-before-write')
      .map(({ image }) => image.filename),
    ...jobs.map(({ id }) => `job ${id}`),
    ...exports.map(({ id }) => `export ${id}`),
    ...(await readdir(folder)).filter((name) => name.includes('scratch')),
  ].filter((name) => !name.endsWith(': ')); // bitmaps of jobs have no names
}

/** A running QEMU with an empty disk of each size, whose guest the test plays. */
export async function openLiveFixture(sizes: readonly number[]): Promise<SourceFixture> {
  const folder = await makeFolder();
  const disks = sizes.map((_, index) => ({ id: `vd${index}`, path: join(folder, `disk-${index}.qcow2`) }));
  for (const [index, { path }] of disks.entries()) await createImage(path, sizes[index] ?? 0);
  const qemu = await LiveQemu.start({ folder, disks });
  const reopen = async () => createQemuSource({ qmp: qemu.socket });
  const source = await reopen();
  const pattern = join(folder, 'pattern');
  return {
    source,
    machine: await machineOf(source),
    disks: disks.map(({ id }) => diskId(id)),
    write: async (disk, offset, data) => {
      await writeFile(pattern, data);
      await qemu.io(`vd${disk}`, `write -s ${pattern} ${offset} ${data.byteLength}`);
    },
    resize: async (disk, size) => {
      await qemu.command('block_resize', { 'node-name': `vd${disk}-node`, size });
    },
    reopen,
    objects: () => ourObjects(qemu, folder),
    async [Symbol.asyncDispose]() {
      await qemu.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
