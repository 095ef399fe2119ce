import type { MachineKey, PointId, StreamId } from '../values/identifiers.ts';

/** Which points; all given fields must hold. `from`/`to` bound the instant, inclusive. */
export type PointFilter = {
  readonly machine?: MachineKey;
  readonly stream?: StreamId;
  readonly from?: Date;
  readonly to?: Date;
};

/** What to verify. `structure` reads metadata only; `data` also every stored byte. */
export type VerifyScope = { readonly points?: readonly PointId[]; readonly depth: 'structure' | 'data' };

/** What a repository takes. */
export type RepositoryUsage = {
  readonly points: number;
  readonly machines: number;
  /** Bytes stored, metadata included. */
  readonly storedBytes: number;
  /** Sum of the disks' sizes over all points. */
  readonly logicalBytes: number;
  /** Of the storage below; `null` where it has no such limit. */
  readonly totalBytes: number | null;
  readonly availableBytes: number | null;
};
