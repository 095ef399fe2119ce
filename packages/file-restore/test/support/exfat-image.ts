import { mkdir } from 'node:fs/promises';
import { createMemoryDisk, DiskContent } from '@sendense/testkit';
import type { BrowseSession } from '../../src/session/browse-session.ts';
import { browse } from './browse.ts';
import { run } from './program.ts';
import { pointOf } from './raw-point.ts';

const ENTRY_BYTES = 32;
const SUMMED_SECTORS = 11;
const REGION_SECTORS = 12;

/** A block device over an image, for as long as `use` takes. */
async function withDevice(
  image: string,
  sectorBytes: number,
  use: (device: string) => Promise<void> | void,
): Promise<void> {
  const device = run('losetup', ['--find', '--show', '--sector-size', `${sectorBytes}`, image]).trim();
  try {
    await use(device);
  } finally {
    run('losetup', ['--detach', device]);
  }
}

/** Makes an exFAT file system in a new file; `options` are those of mkfs.exfat. */
export async function makeExfat(
  image: string,
  size: string,
  options: readonly string[],
  sectorBytes = 512,
): Promise<void> {
  run('truncate', ['-s', size, image]);
  await withDevice(image, sectorBytes, (device) => void run('mkfs.exfat', [...options, device]));
}

/** Mounts an image beside it by exfat-fuse, with the modes that we show, lets `use` work in it, and unmounts it. */
export async function mountExfat(
  image: string,
  use: (mount: string) => Promise<void>,
  sectorBytes = 512,
): Promise<void> {
  const mount = `${image}.mount`;
  await mkdir(mount, { recursive: true });
  await withDevice(image, sectorBytes, async (device) => {
    run('mount.exfat-fuse', ['-o', 'dmask=0022,fmask=0133', device, mount]);
    try {
      await use(mount);
    } finally {
      run('umount', [mount]);
    }
  });
}

/** What fsck.exfat says of an image that is whole: how many folders, with the root, and files it has. */
export function checkExfat(image: string): { readonly folders: number; readonly files: number } {
  const said = /clean\. directories (\d+), files (\d+)/u.exec(run('fsck.exfat', ['-n', image]));
  if (said === null) throw new Error('fsck.exfat does not say that the file system is clean');
  return { folders: Number(said[1]), files: Number(said[2]) };
}

/** An image, or its begin with all folders, whose structures a test changes; its sectors have 512 bytes. */
export class ExfatBytes {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** A session over a copy after `change`. */
  browse(change: (copy: ExfatBytes) => void): Promise<BrowseSession> {
    const copy = new ExfatBytes(Buffer.from(this.bytes));
    change(copy);
    const sizeBytes = copy.bytes.byteLength;
    const content = new DiskContent(sizeBytes);
    content.write(0, copy.bytes);
    return browse(pointOf([createMemoryDisk({ sizeBytes, content }).openReader()]));
  }

  get clusterBytes(): number {
    return 512 * 2 ** this.bytes.readUInt8(109);
  }

  get fatAt(): number {
    return this.bytes.readUInt32LE(80) * 512;
  }

  get fatBytes(): number {
    return this.bytes.readUInt32LE(84) * 512;
  }

  get rootCluster(): number {
    return this.bytes.readUInt32LE(96);
  }

  /** Where a cluster begins. */
  clusterAt(cluster: number): number {
    return this.bytes.readUInt32LE(88) * 512 + (cluster - 2) * this.clusterBytes;
  }

  /** Where the set of the file or folder with a name of at most 15 characters begins. */
  setAt(name: string): number {
    const entry = Buffer.alloc(ENTRY_BYTES);
    entry[0] = 0xc1;
    entry.write(name, 2, 'utf16le');
    const at = this.bytes.indexOf(entry);
    if (at === -1) throw new Error(`there is no ${name}`);
    return at - 2 * ENTRY_BYTES;
  }

  /** Where the entry of the root with a type begins. */
  rootEntryAt(type: number): number {
    let at = this.clusterAt(this.rootCluster);
    while (this.bytes[at] !== type) at += ENTRY_BYTES;
    return at;
  }

  /** Changes the set of a file or folder, and the checksum with it. */
  change(name: string, edit: (set: Buffer) => void): void {
    const at = this.setAt(name);
    const set = this.bytes.subarray(at, at + (1 + this.bytes.readUInt8(at + 1)) * ENTRY_BYTES);
    edit(set);
    let sum = 0;
    for (const [index, byte] of set.entries())
      if (index !== 2 && index !== 3) sum = (((sum & 1) << 15) + (sum >> 1) + byte) & 0xffff;
    set.writeUInt16LE(sum, 2);
  }

  /** The first cluster of a file or folder. */
  firstCluster(name: string): number {
    return this.bytes.readUInt32LE(this.setAt(name) + ENTRY_BYTES + 20);
  }

  /** What follows a cluster in the first table. */
  next(cluster: number): number {
    return this.bytes.readUInt32LE(this.fatAt + cluster * 4);
  }

  /** Lets `next` follow `cluster` in the first table. */
  link(cluster: number, next: number): void {
    this.bytes.writeUInt32LE(next, this.fatAt + cluster * 4);
  }

  /** Marks clusters as taken. */
  allocate(first: number, count: number): void {
    const at = this.clusterAt(this.bytes.readUInt32LE(this.rootEntryAt(0x81) + 20));
    for (let bit = first - 2; bit < first - 2 + count; bit += 1)
      this.bytes.writeUInt8(this.bytes.readUInt8(at + (bit >> 3)) | (1 << (bit & 7)), at + (bit >> 3));
  }

  /** Writes the checksum of the boot region anew. */
  sealBoot(): void {
    let sum = 0;
    for (const [at, byte] of this.bytes.subarray(0, SUMMED_SECTORS * 512).entries())
      if (at !== 106 && at !== 107 && at !== 112) sum = (((sum & 1) << 31) + (sum >>> 1) + byte) >>> 0;
    for (let at = SUMMED_SECTORS * 512; at < REGION_SECTORS * 512; at += 4) this.bytes.writeUInt32LE(sum, at);
  }
}
