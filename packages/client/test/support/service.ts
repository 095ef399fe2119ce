import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Journal, machineKeyOf } from '@sendense/core';
import { createEngine } from '@sendense/engine';
import { createLocalRepository, openLocalRepository } from '@sendense/repository-local';
import {
  type NamedMachine,
  type SendenseServer,
  type ServerOptions,
  type ServerServices,
  startServer,
} from '@sendense/server';
import { createImageSource } from '@sendense/source-image';
import { createMemoryJournal, createTestFence, seededBytes } from '@sendense/testkit';
import { type ClientOptions, createClient, type SendenseClient } from '../../src/index.ts';

/** A folder with the machine `web` and the repository `main`, and servers over it; dispose stops all and removes it. */
export class Service implements AsyncDisposable {
  readonly folder: string;
  /** The disk of `web`. */
  readonly disk: string;
  readonly #journal: Journal = createMemoryJournal();
  readonly #fence = createTestFence();
  readonly #engine = createEngine({ journal: this.#journal, fence: this.#fence });
  readonly #servers: SendenseServer[] = [];

  constructor(folder: string) {
    this.folder = folder;
    this.disk = join(folder, 'web.raw');
  }

  /** Folder of the servers' tokens and audit log. */
  get stateDirectory(): string {
    return join(this.folder, 'state');
  }

  /** Starts a server; `before` has to resolve before a machine opens. */
  async start(
    options: Partial<ServerOptions> = {},
    before: () => Promise<void> = async () => undefined,
  ): Promise<SendenseServer> {
    const server = await startServer(
      { stateDirectory: this.stateDirectory, ...options },
      { engine: this.#engine, journal: this.#journal, ...this.#places(before) },
    );
    this.#servers.push(server);
    return server;
  }

  #places(before: () => Promise<void>): Pick<ServerServices, 'repositories' | 'sources'> {
    return {
      repositories: {
        names: ['main'],
        open: () => openLocalRepository({ path: join(this.folder, 'main') }),
      },
      sources: {
        names: ['web'],
        open: async () => {
          await before();
          return openMachine(this.disk);
        },
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server.close();
    await rm(this.folder, { recursive: true });
  }
}

async function openMachine(disk: string): Promise<NamedMachine> {
  const source = createImageSource({ path: disk, format: 'raw', name: 'web' });
  const machine = { connection: 'image', id: disk };
  for await (const found of source.machines()) Object.assign(machine, found.machine);
  return {
    source,
    machine,
    machineKey: machineKeyOf(machine),
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}

/** Makes a {@link Service}. */
export async function makeService(): Promise<Service> {
  const service = new Service(await mkdtemp(join(tmpdir(), 'sendense-client-')));
  await writeFile(service.disk, seededBytes(1, 3 * 1024 * 1024));
  const repository = await createLocalRepository({ path: join(service.folder, 'main') });
  await repository[Symbol.asyncDispose]();
  return service;
}

/** A client that does not wait long before it tries again. */
export function clientOf(
  { url }: Pick<SendenseServer, 'url'>,
  options: Partial<ClientOptions> = {},
): SendenseClient {
  return createClient({ url, reconnect: { delayMs: 10 }, ...options });
}
