import { type DiskId, diskId, type Firmware, type MachineRef, type MachineSpec } from '@sendense/core';
import { DiskContent } from '../disk/disk-content.ts';
import { TrackedDisk } from './tracked-disk.ts';

/** A machine to make. */
export type MemoryMachineOptions = {
  /** The hypervisor's id. Default the name. */
  readonly id?: string;
  readonly name: string;
  readonly firmware?: Firmware;
  /** Disks of zeros of these sizes in bytes, or disks with content. */
  readonly disks: readonly (number | DiskContent)[];
  /** The guest agent's best: what a quiesced capture obtains. Default `filesystem`. */
  readonly quiesces?: 'application' | 'filesystem' | 'crash';
};

/** A machine on the memory hypervisor. */
export class MemoryMachine {
  readonly ref: MachineRef;
  readonly name: string;
  readonly firmware: Firmware;
  readonly quiesces: 'application' | 'filesystem' | 'crash';
  power: 'on' | 'off' = 'on';
  /** Grows when the machine is reverted to an older snapshot: baselines from before hold no more. */
  reverts = 0;
  #disks: TrackedDisk[] = [];
  #made = 0;

  constructor(options: MemoryMachineOptions) {
    this.ref = { connection: 'memory', id: options.id ?? options.name };
    this.name = options.name;
    this.firmware = options.firmware ?? 'bios';
    this.quiesces = options.quiesces ?? 'filesystem';
    for (const disk of options.disks) this.addDisk(disk);
  }

  get disks(): readonly TrackedDisk[] {
    return this.#disks;
  }

  /** The disk at `position` (0 = first). */
  disk(position = 0): TrackedDisk {
    const disk = this.#disks[position];
    if (disk === undefined) throw new RangeError(`machine ${this.name} has no disk ${position}`);
    return disk;
  }

  /** Adds a disk with an identity that no disk of this machine had before. */
  addDisk(content: number | DiskContent): TrackedDisk {
    const disk = this.#make(content, this.#disks.length);
    this.#disks.push(disk);
    return disk;
  }

  /** Puts a new disk into the slot of an old one. */
  replaceDisk(position: number, content: number | DiskContent): TrackedDisk {
    const disk = this.#make(content, position);
    this.#disks[position] = disk;
    return disk;
  }

  /** Takes a disk out; its baselines go with it. */
  removeDisk(id: DiskId): void {
    this.#disks = this.#disks.filter((disk) => disk.id !== id);
  }

  /** The neutral model of the machine as it is now. */
  spec(): MachineSpec {
    return {
      schema: 1,
      name: this.name,
      platform: 'memory',
      firmware: this.firmware,
      architecture: 'x86_64',
      cpu: { sockets: 1, coresPerSocket: 2, threadsPerCore: 1 },
      memoryBytes: 1024 ** 3,
      disks: this.#disks.map(({ id, slot, sizeBytes, sectorBytes }) => ({
        id,
        slot,
        sizeBytes,
        sectorBytes,
      })),
      nics: [],
    };
  }

  #make(content: number | DiskContent, unit: number): TrackedDisk {
    const id = diskId(`${this.ref.id}-disk-${this.#made++}`);
    const bytes = typeof content === 'number' ? new DiskContent(content) : content;
    return new TrackedDisk(id, { bus: 'virtio', controller: 0, unit }, bytes);
  }
}
