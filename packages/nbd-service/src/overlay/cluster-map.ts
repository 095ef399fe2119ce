import type { ByteRange } from '@sendense/core';

/** The smallest cluster, and the finest at which a change is copied up. */
const LEAST_CLUSTER_BYTES = 64 * 1024;
/** The most clusters of a disk: their map takes 32 MiB. */
const MAX_CLUSTERS = 2 ** 28;

/** A range that lies wholly in the overlay, or wholly in the disk below. */
export type OwnedRun = ByteRange & { readonly owned: boolean };

/** Which clusters of a disk the overlay has; one bit each. Clusters are 64 KiB, of disks above 16 TiB larger. */
export class ClusterMap {
  readonly sizeBytes: number;
  readonly clusterBytes: number;
  readonly #bits: Uint8Array;
  #count = 0;

  constructor(sizeBytes: number) {
    let clusterBytes = LEAST_CLUSTER_BYTES;
    while (sizeBytes / clusterBytes > MAX_CLUSTERS) clusterBytes *= 2;
    this.sizeBytes = sizeBytes;
    this.clusterBytes = clusterBytes;
    this.#bits = new Uint8Array(Math.ceil(sizeBytes / clusterBytes / 8));
  }

  /** Bytes of the disk that the overlay has, by whole clusters. */
  get ownedBytes(): number {
    return Math.min(this.sizeBytes, this.#count * this.clusterBytes);
  }

  /** The cluster that `offset` lies in; the last one ends with the disk. */
  cluster(offset: number): ByteRange {
    const start = Math.floor(offset / this.clusterBytes) * this.clusterBytes;
    return { offset: start, length: Math.min(this.clusterBytes, this.sizeBytes - start) };
  }

  owns(offset: number): boolean {
    const index = Math.floor(offset / this.clusterBytes);
    return ((this.#bits[index >>> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  /** Takes every cluster that lies wholly in `range`. */
  take({ offset, length }: ByteRange): void {
    const end = offset + length;
    for (
      let at = Math.ceil(offset / this.clusterBytes) * this.clusterBytes;
      at < end;
      at += this.clusterBytes
    ) {
      if (at + this.cluster(at).length > end || this.owns(at)) continue;
      const index = at / this.clusterBytes;
      this.#bits[index >>> 3] = (this.#bits[index >>> 3] ?? 0) | (1 << (index & 7));
      this.#count += 1;
    }
  }

  /** `range` as runs of the overlay and of the disk below, ascending, without gap. */
  *runs({ offset, length }: ByteRange): Generator<OwnedRun, void, undefined> {
    const end = offset + length;
    for (let start = offset; start < end; ) {
      const owned = this.owns(start);
      let stop = start;
      while (stop < end && this.owns(stop) === owned) {
        const cluster = this.cluster(stop);
        stop = cluster.offset + cluster.length;
      }
      yield { offset: start, length: Math.min(stop, end) - start, owned };
      start = stop;
    }
  }
}
