import { createQemuSource } from '@sendense/source-qemu';
import { seededInteger } from '@sendense/testkit';
import { LiveQemu } from '@sendense/tests/qemu';
import type { DiskAccess, GuestDisk } from './guest-disk.ts';
import type { HistoryMachine } from './machine.ts';

/** A machine that runs in QEMU all the time; its guest writes through its devices. */
export async function openLiveMachine(folder: string, disks: readonly GuestDisk[]): Promise<HistoryMachine> {
  const machine = new LiveMachine(folder, disks);
  await machine.start();
  return machine;
}

class LiveMachine implements HistoryMachine {
  readonly disks: readonly GuestDisk[];
  readonly running = true;
  readonly #folder: string;
  #qemu: LiveQemu | undefined;

  constructor(folder: string, disks: readonly GuestDisk[]) {
    this.#folder = folder;
    this.disks = disks;
    for (const [index, disk] of disks.entries()) disk.access = this.#accessTo(idOf(index));
  }

  readonly openSource: HistoryMachine['openSource'] = (services) =>
    createQemuSource({ qmp: this.#running().socket }, services);

  async start(): Promise<void> {
    this.#qemu = await LiveQemu.start({
      folder: this.#folder,
      name: 'history',
      disks: this.disks.map(({ path, format }, index) => ({ id: idOf(index), path, format })),
    });
  }

  /** A clean end saves the bitmaps; a crash loses them, but no write that was flushed before. */
  async interrupt(random: () => number): Promise<{ said: string; losesBaselines: boolean }> {
    const qemu = this.#running();
    const isClean = seededInteger(random, 2) === 0;
    if (isClean) await qemu.quit();
    else {
      for (const index of this.disks.keys()) await qemu.io(idOf(index), 'flush');
      await qemu.kill();
    }
    await this.start();
    return {
      said: isClean ? 'QEMU ended and was started again' : 'QEMU was killed',
      losesBaselines: !isClean,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#qemu?.kill();
  }

  #running(): LiveQemu {
    if (this.#qemu === undefined) throw new TypeError('the machine is not started');
    return this.#qemu;
  }

  #accessTo(id: string): DiskAccess {
    return {
      canShrink: false, // no guest expects its disk to become shorter while it runs
      io: async (commands) => {
        for (const command of commands) await this.#running().io(id, command);
      },
      resize: async (sizeBytes) => {
        await this.#running().command('block_resize', { 'node-name': `${id}-node`, size: sizeBytes });
      },
    };
  }
}

function idOf(index: number): string {
  return `disk${index}`;
}
