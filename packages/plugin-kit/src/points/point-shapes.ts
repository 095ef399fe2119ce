import {
  changeStateSchema,
  diskId,
  diskSlotSchema,
  instantId,
  machineKey,
  machineSpecSchema,
  pointId,
  streamId,
} from '@sendense/core';
import { z } from 'zod';

const count = z.int().nonnegative();
const text = z.string().max(16_384);
const id = {
  disk: z.string().transform(diskId),
  point: z.string().transform(pointId),
};

/** A disk of a stored point, as zod fields; a repository adds where its bytes are. The ids throw `CONFIG_INVALID`. */
export const pointDiskShape = {
  id: id.disk,
  slot: diskSlotSchema,
  sizeBytes: count,
  sectorBytes: z.union([z.literal(512), z.literal(4096)]),
  base: id.point.nullable(),
  reason: text.nullable(),
  number: count,
  storedBytes: count,
  writtenBytes: count,
};

/** An artifact of a stored point, as zod fields; see {@link pointDiskShape}. */
export const pointArtifactShape = {
  name: z.enum(['nvram', 'tpm-state', 'native-config', 'guest-state']),
  sizeBytes: count,
  sensitive: z.boolean(),
};

const findingSchema = z.object({
  severity: z.enum(['info', 'warning', 'error']),
  code: text,
  message: text,
  disk: id.disk.exactOptional(),
  point: id.point.exactOptional(),
  object: text.exactOptional(),
});

/** A stored point but for its disks and artifacts, as zod fields; see {@link pointDiskShape}. */
export const pointShape = {
  id: id.point,
  instant: z.string().transform(instantId),
  at: z.iso.datetime().transform((iso) => new Date(iso)),
  machine: z.string().transform(machineKey),
  stream: z.string().transform(streamId),
  sequence: count,
  kind: z.enum(['full', 'incremental', 'differential']),
  consistency: z.enum(['application', 'filesystem', 'crash']),
  skipped: z.array(z.object({ id: id.disk, reason: text })).max(1024),
  parentId: id.point.nullable(),
  storedBytes: count,
  held: z.boolean(),
  note: text.nullable(),
  findings: z.array(findingSchema).max(10_000),
  states: z.array(changeStateSchema).max(1024),
  spec: machineSpecSchema,
};
