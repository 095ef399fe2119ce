import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PointId, Repository } from '@sendense/core';
import { createLocalRepository, openLocalRepository } from '@sendense/repository-local';
import { seededBytes } from '@sendense/testkit';
import {
  type NbdService,
  type NbdServiceOptions,
  type NbdServiceServices,
  startNbdService,
} from '../../src/index.ts';
import { writePoint } from './points.ts';

const DISK_BYTES = 3 * 1024 * 1024 + 1536;

/** A folder with a repository of two points of one machine with two disks, and services over it; dispose removes all. */
export class World implements AsyncDisposable {
  readonly folder: string;
  readonly full: PointId;
  readonly incremental: PointId;
  /** What the disks hold at the two points. */
  readonly disks: { readonly full: readonly Uint8Array[]; readonly incremental: readonly Uint8Array[] };
  readonly #services: NbdService[] = [];

  constructor(folder: string, points: Pick<World, 'full' | 'incremental' | 'disks'>) {
    this.folder = folder;
    this.full = points.full;
    this.incremental = points.incremental;
    this.disks = points.disks;
  }

  /** The repository's name in entries. */
  get repository(): string {
    return join(this.folder, 'backups');
  }

  get confDirectory(): string {
    return join(this.folder, 'service', 'conf.d');
  }

  /** Starts a service, which is stopped with the world. */
  async start(
    options: Partial<NbdServiceOptions> = {},
    services: Partial<NbdServiceServices> = {},
  ): Promise<NbdService> {
    const service = await startNbdService(
      { directory: join(this.folder, 'service'), roots: [this.folder], ...options },
      { openRepository: openConfined, ...services },
    );
    this.#services.push(service);
    return service;
  }

  /** Writes a file of the folder as a person would. */
  async put(file: string, entry: unknown): Promise<void> {
    await mkdir(this.confDirectory, { recursive: true, mode: 0o700 });
    const text = typeof entry === 'string' ? entry : JSON.stringify(entry);
    await writeFile(join(this.confDirectory, file), text, { mode: 0o600 });
  }

  /** A disk of a point as an entry has it. */
  point(id: PointId, disk: number) {
    return { repository: this.repository, id, disk };
  }

  /** Names of the overlays that lie in the service's folder. */
  overlays(): Promise<string[]> {
    return readdir(join(this.folder, 'service', 'overlays'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#services) await service.stop();
    await rm(this.folder, { recursive: true });
  }
}

/** Opens a local repository whose folder exports may name. */
export const openConfined: NbdServiceServices['openRepository'] = async ({ repository, confine }) =>
  openLocalRepository({ path: await confine(repository) });

/** Makes a {@link World}. */
export async function makeWorld(first: Uint8Array = seededBytes(1, DISK_BYTES)): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-nbds-'));
  const repository = await createLocalRepository({ path: join(folder, 'backups') });
  try {
    return new World(folder, await twoPoints(repository, first));
  } finally {
    await repository[Symbol.asyncDispose]();
  }
}

async function twoPoints(repository: Repository, first: Uint8Array) {
  const full = [first, seededBytes(2, 1024 * 1024)];
  const changed = Uint8Array.from(first);
  changed.set(seededBytes(3, 70_000), 1024 * 1024);
  const incremental = [changed, ...full.slice(1)];
  const base = {
    id: await writePoint(repository, { id: 'p1', at: '2026-10-04T12:00:00Z', sequence: 1, disks: full }),
    disks: full,
  };
  const second = { id: 'p2', at: '2026-10-04T13:00:00Z', sequence: 2, disks: incremental, base };
  return { full: base.id, incremental: await writePoint(repository, second), disks: { full, incremental } };
}
