import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Journal, machineKeyOf, type Repository } from '@sendense/core';
import { createEngine, type Engine } from '@sendense/engine';
import { createProcessFence, isHolderAlive } from '@sendense/plugin-kit';
import { createLocalRepository, openLocalRepository } from '@sendense/repository-local';
import { createImageSource } from '@sendense/source-image';
import { createImageTarget } from '@sendense/target-image';
import { createMemoryJournal, seededBytes } from '@sendense/testkit';
import {
  type SendenseServer,
  type ServerOptions,
  type ServerServices,
  startServer,
} from '../../src/index.ts';

/** Size of the disks of the machines. */
export const DISK_BYTES = 3 * 1024 * 1024 + 1536;

/** What the server of a {@link World} has. */
export const NAMES = {
  sources: ['web', 'db'],
  repositories: ['main', 'second'],
  targets: ['lab'],
} as const;

/** A folder with two machines, two repositories and a target, and servers over it; dispose stops all and removes it. */
export class World implements AsyncDisposable {
  readonly folder: string;
  readonly journal: Journal = createMemoryJournal();
  readonly engine: Engine;
  readonly #servers: SendenseServer[] = [];

  constructor(folder: string) {
    this.folder = folder;
    this.engine = engineOn(this.journal);
  }

  /** The disk of a machine. */
  disk(name: string): string {
    return join(this.folder, `${name}.raw`);
  }

  /** Starts a server, which is stopped with the world. */
  async start(
    options: Partial<ServerOptions> = {},
    services: Partial<ServerServices> = {},
  ): Promise<SendenseServer> {
    const server = await startServer(
      { stateDirectory: join(this.folder, 'state'), ...options },
      { engine: this.engine, journal: this.journal, ...placesIn(this.folder), ...services },
    );
    this.#servers.push(server);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server.close();
    await rm(this.folder, { recursive: true });
  }
}

/** An engine of this process. */
export function engineOn(journal: Journal): Engine {
  return createEngine({ journal, fence: createProcessFence(), isHolderAlive });
}

/** The places of a world's folder by name. */
export function placesIn(folder: string): Pick<ServerServices, 'repositories' | 'sources' | 'targets'> {
  return {
    repositories: {
      names: NAMES.repositories,
      open: (name): Promise<Repository> => openLocalRepository({ path: join(folder, name) }),
    },
    sources: {
      names: NAMES.sources,
      async open(name) {
        const source = createImageSource({ path: join(folder, `${name}.raw`), format: 'raw', name });
        const machine = { connection: 'image', id: join(folder, `${name}.raw`) };
        for await (const found of source.machines()) Object.assign(machine, found.machine);
        return {
          source,
          machine,
          machineKey: machineKeyOf(machine),
          [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
        };
      },
    },
    targets: {
      names: NAMES.targets,
      open: async () => createImageTarget({ path: join(folder, 'restored.raw') }),
    },
  };
}

/** Makes a {@link World}. */
export async function makeWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-server-'));
  for (const [index, name] of NAMES.sources.entries())
    await writeFile(join(folder, `${name}.raw`), seededBytes(index + 1, DISK_BYTES));
  for (const name of NAMES.repositories)
    await (await createLocalRepository({ path: join(folder, name) }))[Symbol.asyncDispose]();
  return new World(folder);
}
