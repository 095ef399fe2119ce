import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BlockReader, type RestoreResult, Secret, type TargetConnector } from '@sendense/core';
import { openRaw } from '@sendense/formats/raw';
import {
  connectVim,
  createMachine,
  type DescribedMachine,
  describeMachine,
  destroyMachine,
  findPlaces,
  listMachines,
  parseDatastorePath,
  readProperties,
  reconfigureMachine,
  renameMachine,
  switchMachine,
  type VimClient,
  vimObject,
} from '@sendense/platform-vmware';
import { childrenOf, textOf } from '@sendense/plugin-kit/xml';
import { createVmwareTarget, type VmwareTargetOptions } from '@sendense/target-vmware';
import type { TargetFixture } from '@sendense/testkit';
import { startTestVcenter, type TestVcenter, type TestVcenterOptions } from '@sendense/tests/vmware';
import { afterAll, beforeAll } from 'vitest';

/** A test vCenter, a session beside those of the targets, and what tests do with both. */
export class VcenterBench implements AsyncDisposable {
  readonly server: TestVcenter;
  readonly client: VimClient;
  readonly #caPem: string;
  /** Machines, and entries of the datastore, that were there at the start. */
  readonly #first: ReadonlySet<string>;

  private constructor(server: TestVcenter, client: VimClient, caPem: string, first: ReadonlySet<string>) {
    this.server = server;
    this.client = client;
    this.#caPem = caPem;
    this.#first = first;
  }

  static async start(options: TestVcenterOptions = { machines: 0 }): Promise<VcenterBench> {
    const server = await startTestVcenter(options);
    const caPem = await readFile(server.caFile, 'utf8');
    const { url: address, user } = server;
    const client = await connectVim({ address, user, password: new Secret(server.password), caPem });
    const first = (await listMachines(client)).map(({ object }) => object.id);
    return new VcenterBench(
      server,
      client,
      caPem,
      new Set([...first, ...(await readdir(server.datastoreDir))]),
    );
  }

  /** A target that restores to a machine `restored`. */
  target(options: Partial<VmwareTargetOptions> = {}): TargetConnector {
    const { url: address, user, password } = this.server;
    // a host on its own has one pool
    const pool = this.client.content.about.kind === 'vcenter' ? { pool: 'DC0_C0' } : {};
    return createVmwareTarget(
      { address, user, caPem: this.#caPem, name: 'restored', ...pool, ...options },
      { secrets: { get: async () => new Secret(password) } },
    );
  }

  /** The machine of that name, with its devices. */
  async machine(name: string): Promise<DescribedMachine> {
    const found = (await listMachines(this.client)).find((machine) => machine.name === name);
    if (found === undefined) throw new Error(`there is no machine ${name}`);
    return await describeMachine(this.client, found.object);
  }

  /** Switches a machine on or off. */
  async power(name: string, to: 'on' | 'off'): Promise<void> {
    await switchMachine(this.client, (await this.machine(name)).machine.object, to);
  }

  /** Writes other notes, as its user does. */
  async annotate(name: string, annotation: string): Promise<void> {
    const { object } = (await this.machine(name)).machine;
    await reconfigureMachine(this.client, object, vimObject([['annotation', annotation]]));
  }

  /** Gives a machine another name, as its user does. */
  async rename(name: string, to: string): Promise<void> {
    await renameMachine(this.client, (await this.machine(name)).machine.object, to);
  }

  /** Makes a template of a machine, which cannot be started. */
  async makeTemplate(name: string): Promise<void> {
    await this.client.invoke('MarkAsTemplate', (await this.machine(name)).machine.object, []);
  }

  /** Removes a machine, as its user does. */
  async remove(name: string): Promise<void> {
    await destroyMachine(this.client, (await this.machine(name)).machine.object);
  }

  /** Makes a machine `to` with the notes of `name`, as a clone has them; without disks. */
  async copyNotes(name: string, to: string): Promise<void> {
    const { folder, pool, datastoreName } = await findPlaces(this.client, { pool: 'DC0_C0' });
    const spec = vimObject([
      ['name', to],
      ['guestId', 'otherGuest64'],
      ['annotation', (await this.annotation(name)) ?? ''],
      ['files', vimObject([['vmPathName', `[${datastoreName}]`]])],
      ['numCPUs', 1],
      ['memoryMB', 64],
    ]);
    await createMachine(this.client, spec, { folder, pool, host: undefined });
  }

  /** The notes of a machine. */
  async annotation(name: string): Promise<string | undefined> {
    const { machine } = await this.machine(name);
    const paths = { type: 'VirtualMachine', paths: ['config.annotation'] };
    const [found] = await readProperties(this.client, [machine.object], paths);
    return found?.values.get('config.annotation')?.text;
  }

  /** What the configuration file of a machine says of `key`. */
  async setting(name: string, key: string): Promise<string | undefined> {
    const { machine } = await this.machine(name);
    const paths = { type: 'VirtualMachine', paths: ['config.extraConfig'] };
    const [found] = await readProperties(this.client, [machine.object], paths);
    const settings = childrenOf(found?.values.get('config.extraConfig'), 'OptionValue');
    return textOf(
      settings.find((setting) => textOf(setting, 'key') === key),
      'value',
    );
  }

  /** The file of the datastore that holds the bytes of the disk `[datastore] folder/name.vmdk`. */
  flatFile(file: string): string {
    return join(this.server.datastoreDir, parseDatastorePath(file).path.replace(/\.vmdk$/, '-flat.vmdk'));
  }

  /** What disk `number` of the machine itself holds. */
  async content(name: string, number = 0): Promise<Buffer> {
    const { disks } = (await this.machine(name)).machine;
    return await readFile(this.flatFile(disks[number]?.fileName ?? ''));
  }

  /** Names of machines that were made since the start, and files of the datastore below them. */
  async objects(): Promise<readonly string[]> {
    const machines = (await listMachines(this.client)).filter(({ object }) => !this.#first.has(object.id));
    const names = machines.map(({ name }) => name);
    return [...names, ...(await filesBelow(this.server.datastoreDir))].sort();
  }

  /** Removes all machines and files that were made since the start. */
  async clear(): Promise<void> {
    await this.server.control('expire-leases');
    for (const { object, power } of await listMachines(this.client)) {
      if (this.#first.has(object.id)) continue;
      if (power === 'on') await switchMachine(this.client, object, 'off');
      await destroyMachine(this.client, object);
    }
    for (const name of await readdir(this.server.datastoreDir))
      if (!this.#first.has(name)) await rm(join(this.server.datastoreDir, name), { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries.filter((name) => name.endsWith('.vmdk') || name.endsWith('.vmx'));
}

/** One test vCenter for the tests of a file. */
export function useBench(options?: TestVcenterOptions): () => VcenterBench {
  let bench: VcenterBench | undefined;
  beforeAll(async () => {
    bench = await VcenterBench.start(options);
  });
  afterAll(async () => bench?.[Symbol.asyncDispose]());
  return () => bench ?? (undefined as never);
}

/** An empty place for the cases of the contract; its machines go at the end. */
export async function openFixture(
  bench: VcenterBench,
  options: Partial<VmwareTargetOptions> = {},
): Promise<TargetFixture> {
  await bench.clear();
  return {
    target: bench.target(options),
    options: {},
    restored: ({ machine, disks }: RestoreResult, number: number): Promise<BlockReader> => {
      if (machine === undefined) throw new Error('no machine was restored');
      return openRaw(bench.flatFile(disks[number]?.location ?? ''));
    },
    // what a process held that died ends by its time-out
    reopen: async () => {
      await bench.server.control('expire-leases');
      return bench.target(options);
    },
    objects: () => bench.objects(),
    [Symbol.asyncDispose]: () => bench.clear(),
  };
}
