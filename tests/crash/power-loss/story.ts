import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import {
  type BlockIoDriver,
  type BlockWriter,
  copyBlocks,
  diskId,
  type Extent,
  instantId,
  type MachineSpec,
  machineKey,
  type PointDraft,
  pointId,
  streamId,
} from '@sendense/core';
import { openRaw } from '@sendense/formats/raw';
import { soloFence } from '@sendense/plugin-kit';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { createLocalRepository, type LocalRepository } from '@sendense/repository-local';
import { seededRandom } from './cuts.ts';

/** Content that a repository must hold: SHA-256 of each point's disk, by point id. */
export type Holdings = Readonly<Record<string, string>>;

const CLUSTER = 65_536;
const DISK_BYTES = 32 * CLUSTER;
const MACHINE = machineKey('7a1f0c52-8f0e-5c7b-9a1d-0c8e5d1b2f11');

const SPEC: MachineSpec = {
  schema: 1,
  name: 'story',
  platform: 'test',
  firmware: 'unknown',
  architecture: 'unknown',
  disks: [],
  nics: [],
};

/** SHA-256 of a disk's content, as hex. */
export function contentDigest(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** How disks are copied as a source would: by a driver, from a file with their content. */
export type StoryCopy = { readonly driver: BlockIoDriver; readonly file: string };

/** Plays backups and maintenance on one repository and knows what it must hold. */
export class Story {
  readonly #repository: LocalRepository;
  readonly #disk = Buffer.alloc(DISK_BYTES);
  readonly #random: () => number;
  readonly holdings: Record<string, string> = {};
  readonly #copy: StoryCopy | undefined;
  #sequence: number;

  /** Without `copy`, clusters are written one by one. */
  constructor(repository: LocalRepository, seed: number, sequence = 0, copy?: StoryCopy) {
    this.#copy = copy;
    this.#repository = repository;
    this.#random = seededRandom(seed);
    this.#sequence = sequence;
  }

  /** Overwrites some clusters, backs them up as a delta on `base` (or all as a full), and commits. */
  async backup(name: string, base: string | null): Promise<void> {
    const changed = this.#change(base === null ? 12 : 4);
    const writer = await this.#repository.begin(this.#draft(name, base), soloFence);
    try {
      const [disk] = writer.disks.values();
      if (disk === undefined) throw new Error('the point has no disk');
      await this.#bring(disk, base === null ? Array.from({ length: 32 }, (_, index) => index) : changed);
      await disk.flush();
      await writer.commit([]);
    } finally {
      await writer[Symbol.asyncDispose]();
    }
    this.holdings[name] = contentDigest(this.#disk);
  }

  async #bring(disk: BlockWriter, clusters: readonly number[]): Promise<void> {
    if (this.#copy !== undefined) {
      const { driver, file } = this.#copy;
      await writeFile(file, this.#disk);
      await using from = await openRaw(file);
      await copyBlocks({ from, to: disk, extents: extentsOf(clusters), driver });
      return;
    }
    for (const cluster of clusters) {
      const data = this.#disk.subarray(cluster * CLUSTER, (cluster + 1) * CLUSTER);
      if (data.every((byte) => byte === 0)) await disk.zero(cluster * CLUSTER, CLUSTER);
      else await disk.write(cluster * CLUSTER, data);
    }
  }

  #change(count: number): number[] {
    const chosen = new Set(Array.from({ length: count }, () => Math.floor(this.#random() * 32)));
    for (const cluster of chosen)
      this.#disk.fill(
        this.#random() < 0.2 ? 0 : 1 + Math.floor(this.#random() * 255),
        cluster * CLUSTER,
        (cluster + 1) * CLUSTER,
      );
    return [...chosen].sort((a, b) => a - b);
  }

  #draft(name: string, base: string | null): PointDraft {
    this.#sequence += 1;
    return {
      id: pointId(name),
      instant: instantId(`instant-${name}`),
      at: new Date(Date.UTC(2026, 0, 1) + this.#sequence * 3_600_000),
      machine: MACHINE,
      stream: streamId('story'),
      sequence: this.#sequence,
      kind: base === null ? 'full' : 'incremental',
      spec: SPEC,
      consistency: 'crash',
      disks: [
        {
          id: diskId('disk'),
          slot: { bus: 'virtio', controller: 0, unit: 0 },
          sizeBytes: DISK_BYTES,
          sectorBytes: 512,
          base: base === null ? null : pointId(base),
          reason: base === null ? 'requested' : null,
        },
      ],
      skipped: [],
      findings: [],
    };
  }
}

async function* extentsOf(clusters: readonly number[]): AsyncGenerator<Extent> {
  for (const cluster of clusters) yield { offset: cluster * CLUSTER, length: CLUSTER, kind: 'data' };
}

/** One step of the story, and what the repository must hold once it is done. */
export type Chapter = { readonly title: string; readonly holdings: Holdings };

/** Backs up, consolidates, deletes and prunes in `folder`; calls `done` after each step. */
export async function playStory(
  folder: string,
  fileSystem: FileSystem,
  seed: number,
  done: (chapter: Chapter) => Promise<void>,
  copy?: StoryCopy,
): Promise<void> {
  await using repository = await createLocalRepository(
    { path: folder },
    { fileSystem, drivers: copy === undefined ? [] : [copy.driver] },
  );
  const story = new Story(repository, seed, 0, copy);
  const { holdings } = story;
  const { maintenance } = repository;
  const tell = (title: string) => done({ title, holdings: { ...holdings } });
  const drop = (names: readonly string[]) => {
    for (const name of names) delete holdings[name];
  };
  await tell('create');
  for (const [name, base] of [
    ['a', null],
    ['b', 'a'],
    ['c', 'b'],
    ['d', 'c'],
  ] as const) {
    await story.backup(name, base);
    await tell(`backup ${name}`);
  }
  await maintenance.consolidate({ kind: 'synthetic-full', point: pointId('c') });
  await tell('consolidate c');
  drop((await maintenance.delete(pointId('b'))).removed);
  await tell('delete b');
  await story.backup('e', 'd');
  await tell('backup e');
  drop((await maintenance.prune({ last: 2 })).removed);
  await tell('prune');
  await story.backup('f', null);
  await tell('backup f');
}
