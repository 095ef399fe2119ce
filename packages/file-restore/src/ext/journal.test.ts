import { crc32c, crc32cWithout } from '@sendense/plugin-kit/checksums';
import { describe, expect, it } from 'vitest';
import type { ByteSource } from '../bytes/byte-source.ts';
import { readJournal } from './journal.ts';

const BLOCK = 1024;
const BLOCKS = 1400;
const FAST_COMMITS = 300;
const SEQUENCE = 7;

/** A journal of 1400 blocks at the begin of a volume, whose last 300 are for fast commits; see Journal (jbd2) of the kernel's documentation. */
class Log {
  readonly bytes = Buffer.alloc(BLOCKS * BLOCK);

  /** `incompat`: bits of its features; `start`: the first block of the oldest transaction. */
  constructor(incompat: number, start: number, fastCommits: number) {
    this.#header(0, 4);
    for (const [at, value] of [
      [0x0c, BLOCK],
      [0x10, BLOCKS],
      [0x14, 1],
      [0x18, SEQUENCE],
      [0x1c, start],
      [0x28, incompat],
      [0x54, fastCommits],
    ] as const)
      this.bytes.writeUInt32BE(value, at);
  }

  /** A descriptor of one block of the volume, named by 64 bits. */
  describe(at: number, high: number, low: number): void {
    this.#header(at, 1);
    this.bytes.writeUInt32BE(low, at * BLOCK + 12);
    this.bytes.writeUInt16BE(8 | 2, at * BLOCK + 18);
    this.bytes.writeUInt32BE(high, at * BLOCK + 20);
  }

  commit(at: number): void {
    this.#header(at, 2);
  }

  /** A commit of its time, with the checksum of version 3 or another. */
  commitChecked(at: number, after: number, seconds: number, isSound: boolean): void {
    this.#header(at, 2, SEQUENCE + after);
    const block = this.bytes.subarray(at * BLOCK, (at + 1) * BLOCK);
    block.writeBigUInt64BE(BigInt(seconds), 48);
    const sum = ~crc32cWithout(block, 16, 4, crc32c(this.bytes.subarray(0x30, 0x40)));
    block.writeUInt32BE((isSound ? sum : sum ^ 1) >>> 0, 16);
  }

  /** Gives the superblock its checksum. */
  seal(): void {
    this.bytes.writeUInt8(4, 0x50);
    this.bytes.writeUInt32BE(~crc32cWithout(this.bytes.subarray(0, 1024), 0xfc, 4) >>> 0, 0xfc);
  }

  #header(at: number, type: number, sequence = SEQUENCE): void {
    this.bytes.writeUInt32BE(0xc03b3998, at * BLOCK);
    this.bytes.writeUInt32BE(type, at * BLOCK + 4);
    this.bytes.writeUInt32BE(sequence, at * BLOCK + 8);
  }

  async overlay() {
    return (await this.read()).overlay;
  }

  read() {
    const source: ByteSource = {
      sizeBytes: this.bytes.byteLength,
      read: (offset, into) => {
        into.set(this.bytes.subarray(offset, offset + into.byteLength));
        return Promise.resolve();
      },
    };
    const runs = [{ fileBlock: 0, blocks: BLOCKS, volumeBlock: 0 }];
    return readJournal(source, BLOCK, runs);
  }
}

describe('a journal', () => {
  it('with fast commits wraps before them, by their number or by 256', async () => {
    for (const [told, last] of [
      [FAST_COMMITS, BLOCKS - FAST_COMMITS - 1],
      [0, BLOCKS - 256 - 1],
    ] as const) {
      const log = new Log(2 | 0x20, last - 1, told);
      log.describe(last - 1, 0, 99);
      log.commit(1);
      expect([...(await log.overlay())]).toEqual([[99, { at: last * BLOCK, isEscaped: false }]]);
    }
  });

  it('without fast commits wraps at its end', async () => {
    const log = new Log(2, BLOCKS - 2, FAST_COMMITS);
    log.describe(BLOCKS - 2, 0, 99);
    log.commit(1);
    expect([...(await log.overlay()).keys()]).toEqual([99]);
  });

  it('whose fast commits leave too little room is CORRUPT', async () => {
    await expect(new Log(0x20, 1, BLOCKS - 1000).overlay()).rejects.toMatchObject({ code: 'CORRUPT' });
    await expect(new Log(0x20, 1, 2 ** 32 - 1).overlay()).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it('whose commits do not wait for their data tells whether it has checksums', async () => {
    expect(await new Log(4, 1, 0).read()).toMatchObject({ isUnchecked: true });
    const log = new Log(4 | 0x10, 1, 0);
    log.seal();
    expect(await log.read()).toMatchObject({ isUnchecked: false });
  });

  it('ends in silence before a wrong commit that is older than the one before it: it is of another journal', async () => {
    for (const [seconds, wrong] of [
      [99, undefined],
      [101, { sequence: SEQUENCE + 1, part: 'the block that commits it' }],
    ] as const) {
      const log = new Log(0x10, 1, 0);
      log.seal();
      log.commitChecked(1, 0, 100, true);
      log.commitChecked(2, 1, seconds, false);
      expect((await log.read()).wrong).toEqual(wrong);
    }
  });

  it('is not read where its superblock does not have its checksum, claims several versions, or another kind', async () => {
    const log = new Log(0x10, 1, 0);
    log.seal();
    await log.read();
    log.bytes.writeUInt8(1, 0x100);
    await expect(log.read()).rejects.toMatchObject({ code: 'CORRUPT' });
    await expect(new Log(0x18, 1, 0).read()).rejects.toMatchObject({ code: 'CORRUPT' });
    await expect(new Log(0x10, 1, 0).read()).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
  });

  it('names blocks of volumes of 16 TiB and more', async () => {
    const log = new Log(2, 1, 0);
    log.describe(1, 3, 5);
    log.commit(3);
    expect([...(await log.overlay()).keys()]).toEqual([3 * 2 ** 32 + 5]);
  });
});
