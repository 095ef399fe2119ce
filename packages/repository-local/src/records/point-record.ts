import type { PointDisk, RecoveryPoint } from '@sendense/core';
import { pointArtifactShape, pointDiskShape, pointShape } from '@sendense/plugin-kit/points';
import { z } from 'zod';
import type { RecordType } from './sealed-json.ts';

const diskSchema = z.object({
  ...pointDiskShape,
  file: z
    .string()
    .regex(/^disk-(?:0|[1-9]\d{0,8})\/(?:full|incr|diff)-\d{8}-\d{6}(?:-[1-9]\d{0,8})?\.qcow2$/),
});

const artifactSchema = z.object({
  ...pointArtifactShape,
  file: z.string().regex(/^artifacts\/[A-Za-z0-9][A-Za-z0-9._:-]*\.bin$/),
  blake3: z.string().regex(/^[0-9a-f]{64}$/),
});

const schema = z.object({
  ...pointShape,
  disks: z.array(diskSchema).min(1).max(1024),
  artifacts: z.array(artifactSchema).max(64),
});

/** A disk of a point record; `file` is relative to the machine's folder. */
export type RecordDisk = Omit<PointDisk, 'path'> & { readonly file: string };
/** An artifact of a point record. */
export type RecordArtifact = Readonly<z.infer<typeof artifactSchema>>;
/** The commit record of a point. */
export type PointRecord = Omit<RecoveryPoint, 'disks' | 'artifacts'> & {
  readonly disks: readonly RecordDisk[];
  readonly artifacts: readonly RecordArtifact[];
};

/** A file in `points/`. */
export const pointRecord: RecordType<PointRecord> = { format: 'sendense-point', version: 1, schema };
