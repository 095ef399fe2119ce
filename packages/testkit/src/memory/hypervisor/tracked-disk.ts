import type { ByteRange, DiskId, DiskSlot } from '@sendense/core';
import type { DiskContent } from '../disk/disk-content.ts';
import { DirtyBitmap } from './dirty-bitmap.ts';

/** A disk of a running machine, with the dirty bitmaps on it. Tests are its guest: they write here between captures. */
export class TrackedDisk {
  readonly id: DiskId;
  readonly slot: DiskSlot;
  readonly sectorBytes: 512 | 4096 = 512;
  /** By name. A bitmap belongs to this disk, so a replaced disk has none. */
  readonly bitmaps = new Map<string, DirtyBitmap>();
  readonly #content: DiskContent;

  constructor(id: DiskId, slot: DiskSlot, content: DiskContent) {
    this.id = id;
    this.slot = slot;
    this.#content = content;
  }

  get sizeBytes(): number {
    return this.#content.sizeBytes;
  }

  /** The guest writes. */
  write(offset: number, data: Uint8Array): void {
    this.#content.write(offset, data);
    this.#mark({ offset, length: data.byteLength });
  }

  /** The guest discards. */
  zero(offset: number, length: number): void {
    this.#content.zero(offset, length);
    this.#mark({ offset, length });
  }

  /** The operator grows or cuts the disk; everything beyond the old end counts as changed. */
  resize(sizeBytes: number): void {
    const before = this.#content.sizeBytes;
    this.#content.resize(sizeBytes);
    if (sizeBytes > before) this.#mark({ offset: before, length: sizeBytes - before });
  }

  /** The bytes of this moment. Later writes do not show in them. */
  freeze(): DiskContent {
    return this.#content.snapshot();
  }

  /** Starts a bitmap that records from now on. */
  track(name: string, granularityBytes: number): void {
    this.bitmaps.set(name, new DirtyBitmap(granularityBytes));
  }

  #mark(range: ByteRange): void {
    for (const bitmap of this.bitmaps.values()) bitmap.mark(range);
  }
}
