import { createImageSource } from '@sendense/source-image';
import type { GuestDisk } from './guest-disk.ts';
import type { OpenSource } from './host.ts';

/** The machine of a history: the images of one that is switched off, or one that runs. */
export interface HistoryMachine extends AsyncDisposable {
  readonly disks: readonly GuestDisk[];
  readonly openSource: OpenSource;
  /** Whether QEMU has the images open: nobody else may look into them then. */
  readonly running: boolean;
  /** Ends the machine in some way and starts it again; tells whether its dirty bitmaps can be lost by it. */
  interrupt?(random: () => number): Promise<{ readonly said: string; readonly losesBaselines: boolean }>;
  /** Does what the death of a process that backed up the machine brings about by itself. */
  processDied?(): Promise<void>;
}

/** Makes a machine of disks whose images are there. */
export type OpenMachine = (
  folder: string,
  disks: readonly GuestDisk[],
  random: () => number,
) => Promise<HistoryMachine>;

/** A machine that is switched off whenever it is backed up. */
export const openStoppedMachine: OpenMachine = async (_, disks) => ({
  disks,
  running: false,
  openSource: (services) => createImageSource({ path: disks.map(({ path }) => path) }, services),
  [Symbol.asyncDispose]: () => Promise.resolve(),
});
