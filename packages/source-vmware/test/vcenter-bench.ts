import { readFile } from 'node:fs/promises';
import { type DiskId, type MachineRef, Secret, type SourceConnector } from '@sendense/core';
import {
  connectVim,
  describeMachine,
  diskIdOf,
  listMachines,
  type ManagedObject,
  readProperties,
  readSnapshots,
  runTask,
  type VimClient,
  type VimObject,
  vimObject,
} from '@sendense/platform-vmware';
import { systemTimer, type Timer } from '@sendense/plugin-kit';
import { childrenOf, textOf } from '@sendense/plugin-kit/xml';
import { createVmwareSource, type VmwareSourceOptions } from '@sendense/source-vmware';
import type { SourceFixture } from '@sendense/testkit';
import { startTestVcenter, type TestVcenter, type TestVcenterOptions } from '@sendense/tests/vmware';
import { afterAll, beforeAll } from 'vitest';

/** A machine of the bench. */
export type BenchMachine = {
  readonly object: ManagedObject;
  readonly name: string;
  readonly ref: MachineRef;
  readonly disks: readonly DiskId[];
  /** Keys of the disks in the machine. */
  readonly keys: number[];
};

/** A test vCenter whose machines are made by tests, and an operator who is logged in. */
export class VcenterBench implements AsyncDisposable {
  readonly server: TestVcenter;
  readonly operator: VimClient;
  readonly #caPem: string;
  #machines = 0;

  private constructor(server: TestVcenter, operator: VimClient, caPem: string) {
    this.server = server;
    this.operator = operator;
    this.#caPem = caPem;
  }

  static async start(options: TestVcenterOptions = { machines: 0 }): Promise<VcenterBench> {
    const server = await startTestVcenter(options);
    const caPem = await readFile(server.caFile, 'utf8');
    const password = new Secret(server.password);
    const operator = await connectVim({ address: server.url, user: server.user, password, caPem });
    return new VcenterBench(server, operator, caPem);
  }

  source(
    options: Partial<VmwareSourceOptions> = {},
    services: Partial<Parameters<typeof createVmwareSource>[1]> = {},
  ): SourceConnector {
    const { url: address, user, password } = this.server;
    const secrets = { get: async () => new Secret(password) };
    return createVmwareSource({ address, user, caPem: this.#caPem, ...options }, { secrets, ...services });
  }

  /** A machine with an empty thin disk of each size. */
  async machine(
    sizes: readonly number[],
    { running = true, firmware = 'bios' }: { readonly running?: boolean; readonly firmware?: string } = {},
  ): Promise<BenchMachine> {
    this.#machines += 1;
    const name = `bench-${this.#machines}`;
    // one that is there from the start: the new one stands beside it
    const [model] = await listMachines(this.operator);
    const { machine: like } = await describeMachine(this.operator, model?.object ?? { type: '', id: '' });
    const fields = [
      ['config', machineSpec(name, sizes, firmware)],
      ['pool', like.pool],
    ] as const;
    await runTask(this.operator, 'CreateVM_Task', like.folder ?? { type: '', id: '' }, fields);
    const made = (await listMachines(this.operator)).find((machine) => machine.name === name);
    const object = made?.object ?? { type: '', id: '' };
    if (running) await runTask(this.operator, 'PowerOnVM_Task', object, []);
    return await this.#made(name, object);
  }

  /** A copy of a machine, which does not run; the test vCenter copies no bytes. */
  async clone({ object, name }: BenchMachine): Promise<BenchMachine> {
    const copied = `${name}-clone`;
    const { machine } = await describeMachine(this.operator, object);
    const spec = vimObject([
      ['location', vimObject([])],
      ['template', false],
      ['powerOn', false],
    ]);
    const fields = [
      ['folder', machine.folder],
      ['name', copied],
      ['spec', spec],
    ] as const;
    await runTask(this.operator, 'CloneVM_Task', object, fields);
    const made = (await listMachines(this.operator)).find((found) => found.name === copied);
    return await this.#made(copied, made?.object ?? { type: '', id: '' });
  }

  async #made(name: string, object: ManagedObject): Promise<BenchMachine> {
    const { machine } = await describeMachine(this.operator, object);
    const connection = this.operator.content.about.instanceUuid ?? '';
    return {
      object,
      name,
      ref: { connection, id: machine.instanceUuid ?? object.id },
      disks: machine.disks.map((disk) => diskIdOf(disk, machine.disks)),
      keys: machine.disks.map(({ key }) => key),
    };
  }

  /** The guest writes to disk number `disk`. */
  async write(
    { name, keys }: BenchMachine,
    disk: number,
    offsetBytes: number,
    data: Uint8Array,
  ): Promise<void> {
    const bytes = Buffer.from(data).toString('base64');
    await this.server.control('guest-write', { machine: name, key: keys[disk], offsetBytes, bytes });
  }

  /** Disk number `disk` gets another size. vSphere cuts none: it is taken out, its descriptor is edited, and it is added again. */
  async resize(machine: BenchMachine, disk: number, sizeBytes: number): Promise<void> {
    const { object, name, keys } = machine;
    const key = keys[disk];
    const now = (await describeMachine(this.operator, object)).machine.disks.find(
      (found) => found.key === key,
    );
    if (now !== undefined && sizeBytes > now.sizeBytes) {
      await this.server.control('resize', { machine: name, key, capacityBytes: sizeBytes });
      return;
    }
    const controllerKey = await this.#controllerOf(object, key);
    const removed = vimObject([['key', key]], 'VirtualDisk');
    await this.#reconfigure(object, [
      vimObject([
        ['operation', 'remove'],
        ['device', removed],
      ]),
    ]);
    const file = { fileName: now?.fileName ?? '', uuid: now?.uuid };
    await this.#reconfigure(object, [change(diskSpec(sizeBytes, now?.slot.unit ?? 0, controllerKey, file))]);
    const { disks } = (await describeMachine(this.operator, object)).machine;
    keys[disk] = disks.find(({ uuid }) => uuid === now?.uuid)?.key ?? -1;
  }

  /** The key of the controller that a disk is on. */
  async #controllerOf(machine: ManagedObject, key: number | undefined): Promise<number> {
    const properties = { type: machine.type, paths: ['config.hardware'] };
    const [found] = await readProperties(this.operator, [machine], properties);
    const devices = childrenOf(found?.values.get('config.hardware'), 'device');
    const disk = devices.find((device) => textOf(device, 'key') === String(key));
    return Number(textOf(disk, 'controllerKey'));
  }

  async #reconfigure(machine: ManagedObject, deviceChange: readonly VimObject[]): Promise<void> {
    const spec = vimObject([['deviceChange', deviceChange]]);
    await runTask(this.operator, 'ReconfigVM_Task', machine, [['spec', spec]]);
  }

  /** Names and descriptions of the snapshots of a machine. */
  async snapshots({ object }: BenchMachine): Promise<readonly string[]> {
    const { snapshots } = await readSnapshots(this.operator, object);
    return snapshots.map(({ name, description }) => `${name}: ${description}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.operator[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

/** A bench for the tests of a suite, started before them and stopped after them. */
export function useBench(options?: TestVcenterOptions): () => VcenterBench {
  let bench: VcenterBench | undefined;
  beforeAll(async () => {
    bench = await VcenterBench.start(options);
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());
  return () => {
    if (bench === undefined) throw new Error('the bench is not started');
    return bench;
  };
}

/** Addresses of the hosts of the bench for a source: they are reached by another name than the vCenter has for them. */
export function hostAddresses({ server }: VcenterBench, address?: string): Readonly<Record<string, string>> {
  const reached = address ?? `localhost:${new URL(server.url).port}`;
  const names = ['DC0_H0', 'DC0_C0_H0', 'DC0_C0_H1', 'DC0_C0_H2'];
  return Object.fromEntries(names.map((name) => [name, reached]));
}

/** What the conformance suite needs of a new machine of the bench. */
export async function openFixture(
  bench: VcenterBench,
  sizes: readonly number[],
  { running = true, ...options }: { readonly running?: boolean } & Partial<VmwareSourceOptions> = {},
): Promise<SourceFixture> {
  const machine = await bench.machine(sizes, { running });
  let process = mortalTimer();
  return {
    source: bench.source(options, process),
    machine: machine.ref,
    disks: machine.disks,
    write: (disk, offset, data) => bench.write(machine, disk, offset, data),
    resize: (disk, sizeBytes) => bench.resize(machine, disk, sizeBytes),
    reopen: async () => {
      process.die();
      process = mortalTimer();
      return bench.source(options, process);
    },
    objects: () => bench.snapshots(machine),
  };
}

/** Time of a process: when it has died nothing happens in it any more, and no lease is kept. */
function mortalTimer(): { readonly timer: Timer; readonly die: () => void } {
  const death = new AbortController();
  return {
    die: () => death.abort(),
    timer: {
      monotonicMs: () => systemTimer.monotonicMs(),
      sleep: (ms, signal) =>
        systemTimer.sleep(ms, signal === undefined ? death.signal : AbortSignal.any([death.signal, signal])),
    },
  };
}

/** Of a new machine, until the server gives it another. */
const CONTROLLER = -101;

function machineSpec(name: string, sizes: readonly number[], firmware: string): VimObject {
  const controller = vimObject(
    [
      ['key', CONTROLLER],
      ['busNumber', 0],
      ['sharedBus', 'noSharing'],
    ],
    'ParaVirtualSCSIController',
  );
  const devices = [
    change(controller),
    ...sizes.map((size, unit) => change(diskSpec(size, unit, CONTROLLER), 'create')),
  ];
  return vimObject([
    ['name', name],
    ['guestId', 'ubuntu64Guest'],
    ['files', vimObject([['vmPathName', '[LocalDS_0]']])],
    ['numCPUs', 1],
    ['memoryMB', 64],
    ['deviceChange', devices],
    ['firmware', firmware],
  ]);
}

function change(device: VimObject, fileOperation?: string): VimObject {
  return vimObject([
    ['operation', 'add'],
    ['fileOperation', fileOperation],
    ['device', device],
  ]);
}

function diskSpec(
  sizeBytes: number,
  unit: number,
  controllerKey: number,
  { fileName, uuid }: { readonly fileName: string; readonly uuid?: string | undefined } = { fileName: '' },
): VimObject {
  const backing = vimObject(
    [
      ['fileName', fileName],
      ['diskMode', 'persistent'],
      ['thinProvisioned', true],
      ['uuid', uuid],
    ],
    'VirtualDiskFlatVer2BackingInfo',
  );
  return vimObject(
    [
      ['key', -200 - unit],
      ['backing', backing],
      ['controllerKey', controllerKey],
      ['unitNumber', unit],
      ['capacityInKB', Math.ceil(sizeBytes / 1024)],
      ['capacityInBytes', sizeBytes],
    ],
    'VirtualDisk',
  );
}
