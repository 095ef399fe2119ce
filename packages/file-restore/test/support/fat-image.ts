import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMemoryDisk, DiskContent } from '@sendense/testkit';
import type { BrowseSession } from '../../src/session/browse-session.ts';
import { browse } from './browse.ts';
import { run } from './program.ts';
import { pointOf } from './raw-point.ts';

const ENTRY_BYTES = 32;
const IMAGE = '12M';

/** A FAT16 file system with clusters of 512 bytes whose table and root folder a test changes. */
export class FatImage {
  readonly bytes: Buffer;
  readonly #fatAt: number;
  readonly #rootAt: number;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.#fatAt = bytes.readUInt16LE(14) * 512;
    this.#rootAt = this.#fatAt + bytes.readUInt16LE(22) * 512 * (bytes[16] ?? 0);
  }

  /** Makes one in `folder` that holds what lies at `paths`, whose names are short ones in capitals. */
  static async make(folder: string, paths: readonly string[]): Promise<FatImage> {
    const image = join(folder, 'chains.raw');
    run('truncate', ['-s', IMAGE, image]);
    run('mkfs.fat', ['-F', '16', '-s', '1', image]);
    run('mcopy', ['-i', image, '-s', ...paths, '::']);
    return new FatImage(await readFile(image));
  }

  /** Where the entry of a file or folder of the root begins. */
  entryAt(name: string): number {
    for (let at = this.#rootAt; at < this.#rootAt + 512 * ENTRY_BYTES; at += ENTRY_BYTES)
      if (this.bytes.toString('latin1', at, at + 11).trimEnd() === name && this.bytes[at + 11] !== 0x0f)
        return at;
    throw new Error(`the root folder has no ${name}`);
  }

  /** The clusters of a file or folder of the root. */
  chainOf(name: string): number[] {
    const chain: number[] = [];
    for (let at = this.bytes.readUInt16LE(this.entryAt(name) + 26); at < 0xfff8; at = this.#next(at))
      chain.push(at);
    return chain;
  }

  /** Lets `next` follow `cluster`. */
  link(cluster: number, next: number): void {
    this.bytes.writeUInt16LE(next, this.#fatAt + cluster * 2);
  }

  /** A session over the image as it is now. */
  browse(): Promise<BrowseSession> {
    const content = new DiskContent(this.bytes.byteLength);
    content.write(0, this.bytes);
    return browse(pointOf([createMemoryDisk({ sizeBytes: this.bytes.byteLength, content }).openReader()]));
  }

  #next(cluster: number): number {
    return this.bytes.readUInt16LE(this.#fatAt + cluster * 2);
  }
}
