import { diskId, machineKey } from '@sendense/core';
import { z } from 'zod';
import type { RecordType } from './sealed-json.ts';

/** The most packs of one plan or damage record. */
export const MOST_PACKS = 400_000;

/** The most manifests of one removal. */
export const MOST_MANIFESTS = 400_000;

const numberSchema = z.object({
  machine: z.string().transform(machineKey),
  disk: z.string().transform(diskId),
});
const packsSchema = z.object({ packs: z.array(z.string().regex(/^[0-9a-f]{32}$/)).max(MOST_PACKS) });
const manifestsSchema = z.object({
  manifests: z.array(z.string().regex(/^[0-9a-f]{32}$/)).max(MOST_MANIFESTS),
});
const lockSchema = z.object({ holder: z.string().max(1024), token: z.string().max(64) });

const progressSchema = z.object({
  instant: z.string().max(1024),
  base: z.string().max(1024).nullable(),
  root: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  sizeBytes: z.int().nonnegative(),
  doneBytes: z.int().nonnegative(),
  storedBytes: z.int().nonnegative(),
  writtenBytes: z.int().nonnegative(),
});

/** How far a disk of a point is: its map as it was then, and up to where it was written. */
export type ProgressRecord = z.infer<typeof progressSchema>;
/** Which disk of which machine has the number that the key says. */
export type NumberRecord = z.infer<typeof numberSchema>;
/** Packs: of a plan those that are deleted when it is as old as the grace, of a damage record those that verify found hurt. */
export type PacksRecord = z.infer<typeof packsSchema>;
/** Manifests that a pruner was about to delete, by the tags of their seals. */
export type RemovalRecord = z.infer<typeof manifestsSchema>;
/** Who prunes. */
export type LockRecord = z.infer<typeof lockSchema>;

/** See {@link NumberRecord}. */
export const numberRecord: RecordType<NumberRecord> = { kind: 'number', schema: numberSchema };
/** See {@link PacksRecord}. */
export const planRecord: RecordType<PacksRecord> = { kind: 'plan', schema: packsSchema };
/** See {@link PacksRecord}. */
export const damageRecord: RecordType<PacksRecord> = { kind: 'damage', schema: packsSchema };
/** See {@link RemovalRecord}. */
export const removalRecord: RecordType<RemovalRecord> = { kind: 'removal', schema: manifestsSchema };
/** See {@link ProgressRecord}. */
export const progressRecord: RecordType<ProgressRecord> = { kind: 'progress', schema: progressSchema };
/** See {@link LockRecord}. */
export const lockRecord: RecordType<LockRecord> = { kind: 'lock', schema: lockSchema };
