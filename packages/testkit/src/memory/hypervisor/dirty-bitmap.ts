import type { ByteRange, Extent } from '@sendense/core';
import type { DiskContent } from '../disk/disk-content.ts';

/** Records which pieces of a disk were written since it was made. Each bitmap records for itself, as in libvirt. */
export class DirtyBitmap {
  readonly granularityBytes: number;
  readonly #dirty: Set<number>;
  /** `false` after an unclean stop of the host: what it recorded may be incomplete. */
  consistent = true;

  constructor(granularityBytes: number, dirty: ReadonlySet<number> = new Set()) {
    this.granularityBytes = granularityBytes;
    this.#dirty = new Set(dirty);
  }

  /** Marks every piece that `range` touches. */
  mark({ offset, length }: ByteRange): void {
    const last = Math.ceil((offset + length) / this.granularityBytes);
    for (let piece = Math.floor(offset / this.granularityBytes); piece < last; piece++)
      this.#dirty.add(piece);
  }

  /** What it recorded up to now, in a bitmap that records no more. */
  snapshot(): DirtyBitmap {
    const copy = new DirtyBitmap(this.granularityBytes, this.#dirty);
    copy.consistent = this.consistent;
    return copy;
  }

  /** The dirty ranges within `content`, ascending; what was never written or was discarded is `zero`. */
  *extents(content: DiskContent): Generator<Extent> {
    for (const piece of [...this.#dirty].sort((a, b) => a - b)) {
      const offset = piece * this.granularityBytes;
      const length = Math.min(this.granularityBytes, content.sizeBytes - offset);
      if (length > 0) yield* content.extents({ offset, length });
    }
  }
}
