import { seededInteger } from '@sendense/testkit';
import { execa } from 'execa';

/** Cluster of what the repository stores, and the granularity of the bitmaps. */
export const CLUSTER_BYTES = 65_536;
const SECTOR_BYTES = 512;
const MIN_BYTES = 4 * CLUSTER_BYTES;
const MAX_BYTES = 40 * CLUSTER_BYTES;

/** Bytes of a cluster of the image, and more options of `qemu-img create`: layouts that are mapped differently. */
const QCOW2_LAYOUTS = [
  [65_536, ''],
  [65_536, ',extended_l2=on'],
  [65_536, ',preallocation=metadata'],
  [4096, ''],
  [2_097_152, ''],
] as const;

/** How a guest reaches its disk. */
export type DiskAccess = {
  /** Runs commands of `qemu-io`. */
  io(commands: readonly string[]): Promise<void>;
  resize(sizeBytes: number, wasBytes: number): Promise<void>;
  readonly canShrink: boolean;
};

/** A disk image that a guest uses through QEMU, and a model of what it must hold. */
export class GuestDisk {
  readonly path: string;
  readonly format: 'qcow2' | 'raw';
  /** By default QEMU has the image open only while something is done to it. */
  access: DiskAccess;
  readonly #random: () => number;
  readonly #clusterBytes: number;
  #content: Buffer;

  private constructor(
    image: Pick<GuestDisk, 'path' | 'format'>,
    random: () => number,
    clusterBytes: number,
    sizeBytes: number,
  ) {
    this.path = image.path;
    this.format = image.format;
    this.access = stoppedAccess(image);
    this.#random = random;
    this.#clusterBytes = clusterBytes;
    this.#content = Buffer.alloc(sizeBytes);
  }

  /** Makes an empty image of a random size and layout. */
  static async create(path: string, format: 'qcow2' | 'raw', random: () => number): Promise<GuestDisk> {
    const sizeBytes = 10 * CLUSTER_BYTES + seededInteger(random, 2000) * SECTOR_BYTES;
    const layout = QCOW2_LAYOUTS[seededInteger(random, QCOW2_LAYOUTS.length)] ?? QCOW2_LAYOUTS[0];
    const [clusterBytes, more] = format === 'raw' ? ([SECTOR_BYTES, ''] as const) : layout;
    const options = format === 'raw' ? [] : ['-o', `cluster_size=${clusterBytes}${more}`];
    const disk = new GuestDisk({ path, format }, random, clusterBytes, sizeBytes);
    await execa('qemu-img', ['create', '-q', '-f', format, ...options, path, `${sizeBytes}`]);
    return disk;
  }

  /** What the disk holds: a copy, for a frozen instant. */
  content(): Buffer {
    return Buffer.from(this.#content);
  }

  /** A few writes, holes and discards; resolves with what was done. */
  async write(): Promise<string> {
    return await this.#io(Array.from({ length: 1 + this.#integer(5) }, () => this.#writeSomewhere()).flat());
  }

  /** Makes the disk longer or shorter. */
  async resize(): Promise<string> {
    const old = this.#content.byteLength;
    const change = SECTOR_BYTES * (this.#integer(1200) - 600);
    const wanted = old + (this.access.canShrink ? change : Math.abs(change));
    const sizeBytes = Math.min(MAX_BYTES, Math.max(MIN_BYTES, wanted));
    await this.access.resize(sizeBytes, old);
    const next = Buffer.alloc(sizeBytes);
    this.#content.copy(next);
    this.#content = next;
    // A QCOW2 image that shrank still has in its last cluster what lay behind its end: as a guest would, it is wiped.
    const wiped = Math.min(sizeBytes, Math.ceil(old / this.#clusterBytes) * this.#clusterBytes) - old;
    const wipe = wiped > 0 ? await this.#io([`write -q -z ${old} ${wiped}`]) : '';
    return `resize ${old} to ${sizeBytes} ${wipe}`;
  }

  /** What `qemu-img` says against the image: nothing, unless it is damaged. Clusters that a crash leaked are no damage. */
  async damage(): Promise<string> {
    if (this.format === 'raw') return '';
    const check = await execa('qemu-img', ['check', '-f', 'qcow2', this.path], { reject: false });
    return check.exitCode === 0 || check.exitCode === 3 ? '' : `${check.stdout}${check.stderr}`;
  }

  async #io(commands: readonly string[]): Promise<string> {
    await this.access.io(commands);
    return commands.join(', ');
  }

  #writeSomewhere(): readonly string[] {
    const { byteLength } = this.#content;
    if (this.#integer(4) === 0) return this.#holeSomewhere();
    const offset = this.#integer(byteLength / SECTOR_BYTES) * SECTOR_BYTES;
    const length = Math.min((1 + this.#integer(300)) * SECTOR_BYTES, byteLength - offset);
    const value = 1 + this.#integer(255);
    this.#content.fill(value, offset, offset + length);
    return [`write -q -P ${value} ${offset} ${length}`];
  }

  #holeSomewhere(): readonly string[] {
    const whole = Math.floor(this.#content.byteLength / CLUSTER_BYTES);
    const first = this.#integer(whole);
    const offset = first * CLUSTER_BYTES;
    const length = Math.min(1 + this.#integer(4), whole - first) * CLUSTER_BYTES;
    this.#content.fill(0, offset, offset + length);
    const zeros = `write -q -z ${offset} ${length}`;
    // A discard of part of a large cluster may be ignored: only zeros that are written after it are sure to be there.
    const holes = [
      [zeros],
      [`write -q -z -u ${offset} ${length}`],
      [`discard -q ${offset} ${length}`, zeros],
    ];
    return holes[this.#integer(holes.length)] ?? [];
  }

  #integer(below: number): number {
    return seededInteger(this.#random, below);
  }
}

/** A disk of a machine that is switched off between any two acts. */
export function stoppedAccess({ path, format }: Pick<GuestDisk, 'path' | 'format'>): DiskAccess {
  return {
    canShrink: true,
    async io(commands) {
      await execa('qemu-io', ['-f', format, '-d', 'unmap', path], { input: `${commands.join('\n')}\n` });
    },
    async resize(sizeBytes, wasBytes) {
      const shrink = sizeBytes < wasBytes ? ['--shrink'] : [];
      await execa('qemu-img', ['resize', '-q', '-f', format, ...shrink, path, String(sizeBytes)]);
    },
  };
}
