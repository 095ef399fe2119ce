import type { DiskId, Finding } from '@sendense/core';
import type { ByteSource } from '../bytes/byte-source.ts';

/** A disk to look for volumes on. */
export type ByteDisk = {
  /** How people name it: `disk-N`. */
  readonly name: string;
  readonly id: DiskId;
  readonly sectorBytes: 512 | 4096;
  readonly source: ByteSource;
};

/** Where a file system may lie. */
export type Volume = {
  /** Unique in the point: `disk-0` (a disk without partitions), `disk-0-p2`, `vg-root` (as under `/dev/mapper`). */
  readonly id: string;
  readonly kind: 'disk' | 'partition' | 'logical-volume';
  readonly sizeBytes: number;
  /** The name in the partition table, or `volume group/logical volume`; empty where there is none. */
  readonly label: string;
  readonly source: ByteSource;
};

/** Volumes, and what is noteworthy of how they were found. */
export type FoundVolumes = { readonly volumes: readonly Volume[]; readonly findings: readonly Finding[] };

/** A partition as a table names it, in bytes of its disk. */
export type Partition = {
  /** Its number in the table, from 1; logical partitions of an MBR from 5. */
  readonly number: number;
  readonly offset: number;
  readonly length: number;
  readonly label: string;
};

/** The partitions of a table, and the sentences about what is wrong with it. */
export type PartitionTable = {
  readonly partitions: readonly Partition[];
  readonly faults: readonly string[];
};
