import { diskId, instantId, machineKey, pointId } from '@sendense/core';
import { z } from 'zod';
import type { RecordType } from './sealed-json.ts';

const dataFile = z.string().regex(/^(?:full|incr|diff)-\d{8}-\d{6}(?:-[1-9]\d{0,8})?\.qcow2$/);
const digestFile = z.string().regex(/^(?:full|incr|diff)-\d{8}-\d{6}(?:-[1-9]\d{0,8})?\.digests$/);
const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
const count = z.int().nonnegative();

const diskFileSchema = z.object({
  format: z.literal('sendense-disk-file'),
  machine: z.string().transform(machineKey),
  disk: z.object({ number: count, id: z.string().transform(diskId) }),
  point: z.string().transform(pointId),
  instant: z.string().transform(instantId),
  at: z.iso.datetime(),
  kind: z.enum(['full', 'incremental', 'differential']),
  file: dataFile,
  sizeBytes: count,
  clusterBytes: z.literal(65_536),
  backing: dataFile.nullable(),
  imageBytes: count,
  headerBlake3: hex(32),
  dataBytes: count,
  zeroBytes: count,
  digests: z.object({ file: digestFile, id: hex(16), entries: count, pages: count }),
  state: z.object({ schema: z.string(), instant: z.string().transform(instantId) }).nullable(),
  replaces: z.array(dataFile).max(1024),
});

const aliasSchema = z.object({
  format: z.literal('sendense-disk-alias'),
  file: dataFile,
  target: dataFile,
  imageBytes: count,
  headerBlake3: hex(32),
});

/** What is known of a data file. */
export type DiskFileSidecar = z.infer<typeof diskFileSchema>;
/** A data file that only leads on to the one that took its place. */
export type AliasSidecar = z.infer<typeof aliasSchema>;
/** The JSON beside a data file. */
export type Sidecar = DiskFileSidecar | AliasSidecar;

/** The sidecar of a file with content. */
export const diskFileSidecar: RecordType<DiskFileSidecar> = {
  format: 'sendense-disk-file',
  version: 1,
  schema: diskFileSchema,
};

/** The sidecar of a file that was replaced. */
export const aliasSidecar: RecordType<AliasSidecar> = {
  format: 'sendense-disk-alias',
  version: 1,
  schema: aliasSchema,
};

/** Whether a file only leads on to another. */
export function isAlias(sidecar: Sidecar): sidecar is AliasSidecar {
  return sidecar.format === 'sendense-disk-alias';
}

/** The file below in the chain, or `null` at its end. */
export function below(sidecar: Sidecar): string | null {
  return isAlias(sidecar) ? sidecar.target : sidecar.backing;
}
