import { seededInteger, seededRandom } from '@sendense/testkit';
import type { LiveQemu } from '@sendense/tests/qemu';

/** A write that QEMU has acknowledged, or is about to. */
type GuestWrite = {
  readonly disk: number;
  readonly offset: number;
  readonly length: number;
  /** Byte value; 0 is written as zeros without data. */
  readonly value: number;
};

const SECTOR = 512;

function apply(disks: readonly Buffer[], { disk, offset, length, value }: GuestWrite): void {
  disks[disk]?.fill(value, offset, offset + length);
}

function equal(left: readonly Uint8Array[], right: readonly Uint8Array[]): boolean {
  return left.every((bytes, index) => Buffer.compare(bytes, right[index] ?? new Uint8Array()) === 0);
}

/**
 * A guest that writes all the time, one write after the other over all its disks, and remembers the order. A backup of
 * one instant must hold the disks as they were after one and the same write: no write before it missing on any disk,
 * none after it there.
 */
export class WritingGuest {
  readonly #qemu: LiveQemu;
  readonly #sizeBytes: number;
  readonly #random: () => number;
  readonly #disks: readonly string[];
  /** The disks after `#history[0..#base)`. */
  readonly #model: Buffer[];
  #base = 0;
  readonly #history: GuestWrite[] = [];
  /** How many writes QEMU has acknowledged. */
  #acknowledged = 0;
  #writing: Promise<void> | undefined;
  #stopped = false;

  constructor(qemu: LiveQemu, disks: readonly string[], sizeBytes: number, seed: number) {
    this.#qemu = qemu;
    this.#disks = disks;
    this.#sizeBytes = sizeBytes;
    this.#random = seededRandom(seed);
    this.#model = disks.map(() => Buffer.alloc(sizeBytes));
  }

  get writes(): number {
    return this.#acknowledged;
  }

  /** Begins to write without a pause. */
  start(): void {
    this.#stopped = false;
    this.#writing = this.#write();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#writing;
  }

  /** Waits for `count` more writes. */
  async more(count: number): Promise<void> {
    const until = this.#acknowledged + count;
    while (this.#acknowledged < until) await new Promise((resolve) => setImmediate(resolve));
  }

  /**
   * The number of the write after which all disks were as `found`; `undefined` when there is none since `from`. Call it
   * with ever later states only.
   */
  writeOf(found: readonly Uint8Array[], from: number): number | undefined {
    this.#advance(from);
    while (!equal(this.#model, found)) {
      if (this.#base >= this.#history.length) return undefined;
      this.#advance(this.#base + 1);
    }
    return this.#base;
  }

  #advance(to: number): void {
    for (; this.#base < to; this.#base++) {
      const write = this.#history[this.#base];
      if (write !== undefined) apply(this.#model, write);
    }
  }

  async #write(): Promise<void> {
    while (!this.#stopped) {
      const write = this.#next();
      this.#history.push(write);
      const { disk, offset, length, value } = write;
      const how = value === 0 ? '-z' : `-P ${value}`;
      await this.#qemu.io(this.#disks[disk] ?? '', `write ${how} ${offset} ${length}`);
      this.#acknowledged += 1;
    }
  }

  /** Half of the writes are small, and one in eight zeroes; most hit a hot quarter of the disk. */
  #next(): GuestWrite {
    const random = this.#random;
    const sectors = this.#sizeBytes / SECTOR;
    const disk = seededInteger(random, this.#disks.length);
    const length = 1 + seededInteger(random, seededInteger(random, 2) === 0 ? 16 : 300);
    const reach = seededInteger(random, 4) === 0 ? sectors - length : sectors / 4 - length;
    const offset = seededInteger(random, reach);
    const value = seededInteger(random, 8) === 0 ? 0 : 1 + seededInteger(random, 255);
    return { disk, offset: offset * SECTOR, length: length * SECTOR, value };
  }
}
