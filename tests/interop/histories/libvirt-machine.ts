import { join } from 'node:path';
import { createQemuSource } from '@sendense/source-qemu';
import { seededInteger } from '@sendense/testkit';
import { type LibvirtDaemon, LiveDomain } from '@sendense/tests/libvirt';
import { type DiskAccess, type GuestDisk, stoppedAccess } from './guest-disk.ts';
import type { HistoryMachine, OpenMachine } from './machine.ts';

/** What an interruption did to the machine. */
type Interruption = Awaited<ReturnType<NonNullable<HistoryMachine['interrupt']>>>;

type Image = { readonly path: string; readonly format: 'qcow2' | 'raw' };

/** Machines that are domains of `libvirt`: half of them transient, the others switched off at times. */
export function libvirtMachines(libvirt: LibvirtDaemon): OpenMachine {
  return async (folder, disks, random) => {
    await libvirt.own(folder);
    for (const { path } of disks) await libvirt.own(path);
    const uuid = crypto.randomUUID();
    const name = `history-${uuid.slice(0, 8)}`;
    const persistent = seededInteger(random, 2) === 0;
    const domain = new LiveDomain(libvirt, { name, uuid, persistent });
    const machine = new LibvirtMachine({ libvirt, domain, persistent }, folder, disks);
    await domain.start();
    return machine;
  };
}

type Parts = {
  readonly libvirt: LibvirtDaemon;
  readonly domain: LiveDomain;
  readonly persistent: boolean;
};

class LibvirtMachine implements HistoryMachine {
  readonly disks: readonly GuestDisk[];
  running = true;
  readonly #libvirt: LibvirtDaemon;
  readonly #domain: LiveDomain;
  readonly #persistent: boolean;
  readonly #folder: string;
  /** The overlay of each disk of which somebody took a snapshot. */
  readonly #overlays = new Map<number, Image>();
  #snapshots = 0;

  constructor({ libvirt, domain, persistent }: Parts, folder: string, disks: readonly GuestDisk[]) {
    this.#libvirt = libvirt;
    this.#domain = domain;
    this.#persistent = persistent;
    this.#folder = folder;
    this.disks = disks;
    for (const [index, disk] of disks.entries()) {
      domain.useImage(targetOf(index), disk.path, disk.format);
      disk.access = this.#accessTo(index);
    }
  }

  readonly openSource: HistoryMachine['openSource'] = (services) =>
    createQemuSource({ libvirt: { uri: this.#libvirt.uri, domain: this.#domain.name } }, services);

  async interrupt(random: () => number): Promise<Interruption> {
    const index = seededInteger(random, this.disks.length);
    const kinds = [
      () => (this.#persistent ? this.#stop() : this.#restart()),
      () => this.#crash(),
      () => this.#forgetCheckpoints(),
      () => (this.#overlays.has(index) ? this.#commitSnapshot(index) : this.#takeSnapshot(index)),
    ];
    const kind = kinds[seededInteger(random, kinds.length)];
    return this.running && kind !== undefined ? await kind() : await this.#start();
  }

  /** As the guard of the job does when its process dies; here that process lives on. */
  async processDied(): Promise<void> {
    await this.#libvirt.virsh('domjobabort', this.#domain.name).catch(() => undefined); // it had none
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) await this.#domain.destroy();
  }

  /** Until the next interruption the machine is backed up by its images. */
  async #stop(): Promise<Interruption> {
    await this.#domain.destroy();
    this.running = false;
    return { said: 'the domain was stopped', losesBaselines: false };
  }

  async #start(): Promise<Interruption> {
    for (const { path } of [...this.disks, ...this.#overlays.values()]) await this.#libvirt.own(path);
    await this.#domain.start();
    this.running = true;
    return { said: 'the domain was started', losesBaselines: false };
  }

  /** A transient domain is created anew, and libvirt knows nothing of its checkpoints. */
  async #restart(): Promise<Interruption> {
    await this.#domain.destroy();
    await this.#domain.start();
    return { said: 'the domain was destroyed and started again', losesBaselines: false };
  }

  /** Bitmaps are lost, but no write that was flushed before. */
  async #crash(): Promise<Interruption> {
    for (const index of this.disks.keys()) await this.#domain.io(targetOf(index), 'flush');
    await this.#domain.kill();
    await this.#domain.start();
    return { said: 'QEMU was killed', losesBaselines: true };
  }

  async #forgetCheckpoints(): Promise<Interruption> {
    const names = await this.#libvirt.virsh('checkpoint-list', this.#domain.name, '--name');
    for (const name of names.split('\n').filter((line) => line.trim() !== '')) {
      await this.#libvirt.virsh('checkpoint-delete', this.#domain.name, name.trim(), '--metadata');
    }
    return { said: 'libvirt forgot its checkpoints', losesBaselines: false };
  }

  /** By libvirt, which takes the bitmaps along. */
  async #takeSnapshot(index: number): Promise<Interruption> {
    const target = targetOf(index);
    const overlay = join(this.#folder, `overlay-${this.#snapshots++}.qcow2`);
    const where = `${target},file=${overlay}`;
    const others = [...this.disks.keys()].filter((other) => other !== index);
    const left = others.flatMap((other) => ['--diskspec', `${targetOf(other)},snapshot=no`]);
    const how = ['--disk-only', '--no-metadata', '--diskspec', where, ...left];
    await this.#libvirt.virsh('snapshot-create-as', this.#domain.name, 'theirs', ...how);
    this.#overlays.set(index, { path: overlay, format: 'qcow2' });
    this.#domain.useImage(target, overlay);
    return { said: `a snapshot of ${target} was taken`, losesBaselines: false };
  }

  async #commitSnapshot(index: number): Promise<Interruption> {
    const target = targetOf(index);
    const how = ['--active', '--pivot', '--wait'];
    await this.#libvirt.virsh('blockcommit', this.#domain.name, target, ...how);
    this.#overlays.delete(index);
    const { path, format } = this.#imageOf(index);
    this.#domain.useImage(target, path, format);
    return { said: `the snapshot of ${target} was committed`, losesBaselines: false };
  }

  #imageOf(index: number): Image {
    return this.#overlays.get(index) ?? this.disks[index] ?? { path: '', format: 'raw' };
  }

  #accessTo(index: number): DiskAccess {
    const target = targetOf(index);
    return {
      canShrink: false, // no guest expects its disk to become shorter while it runs
      io: async (commands) => {
        if (this.running) await this.#domain.io(target, ...commands);
        else await stoppedAccess(this.#imageOf(index)).io(commands);
      },
      resize: async (sizeBytes, wasBytes) => {
        if (this.running)
          await this.#libvirt.virsh('blockresize', this.#domain.name, target, `${sizeBytes}b`);
        else await stoppedAccess(this.#imageOf(index)).resize(sizeBytes, wasBytes);
      },
    };
  }
}

function targetOf(index: number): string {
  return `vd${String.fromCharCode('a'.charCodeAt(0) + index)}`;
}
