import {
  changeStateSchema,
  diskId,
  diskSlotSchema,
  instantId,
  machineKey,
  machineSpecSchema,
  type PointDisk,
  pointId,
  type RecoveryPoint,
  streamId,
} from '@sendense/core';
import { z } from 'zod';
import type { RecordType } from './sealed-json.ts';

const count = z.int().nonnegative();
const text = z.string().max(16_384);
const id = {
  disk: z.string().transform(diskId),
  point: z.string().transform(pointId),
};
const kind = z.enum(['full', 'incremental', 'differential']);

const diskSchema = z.object({
  id: id.disk,
  slot: diskSlotSchema,
  sizeBytes: count,
  sectorBytes: z.union([z.literal(512), z.literal(4096)]),
  base: id.point.nullable(),
  reason: text.nullable(),
  number: count,
  storedBytes: count,
  writtenBytes: count,
  file: z
    .string()
    .regex(/^disk-(?:0|[1-9]\d{0,8})\/(?:full|incr|diff)-\d{8}-\d{6}(?:-[1-9]\d{0,8})?\.qcow2$/),
});

const artifactSchema = z.object({
  name: z.enum(['nvram', 'tpm-state', 'native-config', 'guest-state']),
  sizeBytes: count,
  sensitive: z.boolean(),
  file: z.string().regex(/^artifacts\/[A-Za-z0-9][A-Za-z0-9._:-]*\.bin$/),
  blake3: z.string().regex(/^[0-9a-f]{64}$/),
});

const findingSchema = z.object({
  severity: z.enum(['info', 'warning', 'error']),
  code: text,
  message: text,
  disk: id.disk.exactOptional(),
  point: id.point.exactOptional(),
  object: text.exactOptional(),
});

const schema = z.object({
  id: id.point,
  instant: z.string().transform(instantId),
  at: z.iso.datetime().transform((iso) => new Date(iso)),
  machine: z.string().transform(machineKey),
  stream: z.string().transform(streamId),
  sequence: count,
  kind,
  consistency: z.enum(['application', 'filesystem', 'crash']),
  disks: z.array(diskSchema).min(1).max(1024),
  skipped: z.array(z.object({ id: id.disk, reason: text })).max(1024),
  parentId: id.point.nullable(),
  storedBytes: count,
  held: z.boolean(),
  note: text.nullable(),
  artifacts: z.array(artifactSchema).max(64),
  findings: z.array(findingSchema).max(10_000),
  states: z.array(changeStateSchema).max(1024),
  spec: machineSpecSchema,
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
