/** What the demo's machine did to its disk. */
export type DiskChange = { readonly files: number; readonly bytes: number };

/** What a machine wrote while a backup ran. */
export type BusyTime = { readonly writes: number; readonly bytes: number };

/** A machine with one disk for the demo: a running QEMU, or only the image of a disk. */
export interface DemoMachine extends AsyncDisposable {
  readonly kind: 'qemu' | 'image';
  /** What `backup` takes as its source. */
  readonly source: string;
  /** A sentence about it. */
  readonly about: string;
  /** SHA-256 of what the disk holds now. */
  digest(): Promise<string>;
  /** Changes files on the disk. */
  change(): Promise<DiskChange>;
  /** Makes the machine write again and again until the returned function is called; `undefined` when it cannot. */
  keepBusy?(): () => Promise<BusyTime>;
  /** Ends the machine and tells whether its disk really holds what {@link digest} last said. */
  shutDown(): Promise<boolean>;
}
