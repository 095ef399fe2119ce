import { dirname, join } from 'node:path';
import type { QmpClient } from '@sendense/platform-kvm/qmp';
import type { BitmapName } from '@sendense/plugin-kit/baselines';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { type NamedObject, objectNames, parseChangesBitmap, parseObjectName } from './object-names.ts';
import { type BlockNode, queryExports, queryJobs, queryNodes } from './queries.ts';
import { removeOverlay } from './scratch-overlay.ts';
import { endExport, endJob } from './wait-for-job.ts';

/** The temporary things of one capture that are there. */
export type Litter = {
  readonly made: BitmapName;
  /** Numbers of the disks that have some. */
  readonly indices: Set<number>;
  /** Scratch files, whether QEMU has them open or not. */
  readonly files: Set<string>;
};

/** Folders in which QEMU has images: where scratch files may lie. */
export function imageFolders(nodes: readonly BlockNode[]): readonly string[] {
  const paths = nodes.filter(({ drv }) => drv === 'file').map(({ image }) => image.filename);
  return [...new Set(paths.filter((path) => path.startsWith('/')).map(dirname))];
}

class LitterList {
  readonly #found = new Map<string, Litter>();

  add(made: BitmapName): Litter {
    const known = this.#found.get(made.name) ?? { made, indices: new Set(), files: new Set() };
    this.#found.set(made.name, known);
    return known;
  }

  addObject(object: NamedObject | undefined): Litter | undefined {
    if (object === undefined) return undefined;
    const litter = this.add(object.made);
    litter.indices.add(object.index);
    return litter;
  }

  get found(): readonly Litter[] {
    return [...this.#found.values()];
  }
}

/** Lists what captures have in QEMU and in `folders` that is not meant to stay. */
export async function findLitter(
  qmp: QmpClient,
  fileSystem: FileSystem,
  folders: readonly string[],
): Promise<readonly Litter[]> {
  const list = new LitterList();
  for (const { id } of await queryJobs(qmp)) list.addObject(parseObjectName(id));
  for (const { id } of await queryExports(qmp)) list.addObject(parseObjectName(id));
  const nodes = await queryNodes(qmp);
  for (const { image, drv, ...node } of nodes) {
    if (drv === 'file') list.addObject(parseObjectName(image.filename))?.files.add(image.filename);
    for (const { name } of node['dirty-bitmaps']) {
      const made = name === undefined ? undefined : parseChangesBitmap(name);
      if (made !== undefined) list.add(made);
    }
  }
  for (const folder of new Set([...folders, ...imageFolders(nodes)])) {
    const names = await fileSystem.list(folder).catch(() => []); // it may be QEMU's alone
    for (const name of names.filter((one) => one.endsWith('.scratch'))) {
      list.addObject(parseObjectName(name))?.files.add(join(folder, name));
    }
  }
  return list.found;
}

/** Ends and removes all of it, what reads first. Resolves with what was removed, in words. */
export async function removeLitter(
  qmp: QmpClient,
  fileSystem: FileSystem,
  litter: Litter,
): Promise<readonly string[]> {
  const { made, indices, files } = litter;
  const removed: string[] = [];
  const note = (done: boolean, what: string) => void (done && removed.push(what));
  const names = [...indices].map((index) => objectNames(made.name, index));
  for (const name of names) note(await endExport(qmp, name.export), `export ${name.export}`);
  for (const name of names) note(await endJob(qmp, name.job), `job ${name.job}`);
  const nodes = await queryNodes(qmp);
  const present = new Set(nodes.map((node) => node['node-name']));
  for (const name of names) note(await removeOverlay(qmp, present, name), `overlay ${name.overlay}`);
  for (const node of nodes) {
    for (const { name } of node['dirty-bitmaps']) {
      if (name === undefined || parseChangesBitmap(name)?.name !== made.name) continue;
      await qmp.execute('block-dirty-bitmap-remove', { node: node['node-name'], name });
      removed.push(`bitmap ${name}`);
    }
  }
  for (const file of files) {
    if ((await fileSystem.stat(file)) === undefined) continue;
    await fileSystem.unlink(file);
    removed.push(`file ${file}`);
  }
  return removed;
}
