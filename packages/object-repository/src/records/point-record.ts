import { MAX_ARTIFACT_BYTES, type PointDisk, type RecoveryPoint } from '@sendense/core';
import { pointArtifactShape, pointDiskShape, pointShape } from '@sendense/plugin-kit/points';
import { z } from 'zod';
import type { RecordType } from './sealed-json.ts';

/** Id of the root of a map as hex; `null` for zeros alone. */
const root = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .nullable();

const artifactSchema = z.object({
  ...pointArtifactShape,
  sizeBytes: z.int().nonnegative().max(MAX_ARTIFACT_BYTES),
  root,
});
const schema = z.object({
  ...pointShape,
  disks: z
    .array(z.object({ ...pointDiskShape, root }))
    .min(1)
    .max(1024),
  artifacts: z.array(artifactSchema).max(64),
  /** Until when everything that the point needs was locked when it was committed. */
  retainUntil: z.coerce.date().optional(),
  /** The store's time when the point was begun, and that of its configuration: so readers tell a manifest that came late. */
  begunAt: z.coerce.date().optional(),
  configuredAt: z.coerce.date().optional(),
});

/** A disk of a manifest. */
export type RecordDisk = Omit<PointDisk, 'path'> & { readonly root: string | null };
/** An artifact of a manifest. */
export type RecordArtifact = Readonly<z.infer<typeof artifactSchema>>;
/** The manifest of a point. */
export type PointRecord = Omit<RecoveryPoint, 'disks' | 'artifacts'> & {
  readonly disks: readonly RecordDisk[];
  readonly artifacts: readonly RecordArtifact[];
  readonly retainUntil?: Date | undefined;
  readonly begunAt?: Date | undefined;
  readonly configuredAt?: Date | undefined;
};

/** The record of a point; see the format, section 3.7. */
export const pointRecord: RecordType<PointRecord> = { kind: 'point', schema };

/** A committed point as callers see it. */
export function toRecoveryPoint(record: PointRecord): RecoveryPoint {
  const { retainUntil: _retainUntil, begunAt: _begunAt, configuredAt: _configuredAt, ...rest } = record;
  return {
    ...rest,
    disks: record.disks.map(withoutRoot),
    artifacts: record.artifacts.map(({ name, sizeBytes }) => ({ name, sizeBytes })),
  };
}

function withoutRoot(disk: RecordDisk): PointDisk {
  const { root: _root, ...rest } = disk;
  return rest;
}
