import { machineSpecSchema } from '@sendense/core';
import { z } from 'zod';
import { bytesSchema, findingSchema, idSchema, instantSchema, placeNameSchema } from './names.ts';

/** Which points, and of which repositories: of all that the caller sees by default. */
const repositoryQuery = { repository: placeNameSchema.optional() };

/** Body of `POST /api/v1/backup/start`. */
export const startBackupSchema = z
  .strictObject({
    vm_name: placeNameSchema,
    backup_type: z
      .enum(['auto', 'full', 'incremental', 'differential'])
      .default('auto')
      .describe('auto: incremental where it can be. incremental: fails where it can only be full.'),
    repository: placeNameSchema,
    allow_full: z
      .boolean()
      .default(false)
      .describe('incremental only: take a full where no increment is possible.'),
  })
  .meta({ id: 'StartBackup' });

/** Path of one backup. */
export const backupParamsSchema = z.strictObject({ backup_id: idSchema });

/** Query of the operations on one backup. */
export const backupQuerySchema = z.strictObject(repositoryQuery);

/** Query of `GET /api/v1/backup/list`. */
export const listBackupsSchema = z.strictObject({
  vm_name: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('Name of the machine, as it was backed up or as it is configured, or its key.'),
  ...repositoryQuery,
});

/** Query of `GET /api/v1/backup/chain`. */
export const backupChainQuerySchema = z.strictObject({
  vm_name: z.string().min(1).max(256),
  ...repositoryQuery,
});

const kindSchema = z.enum(['full', 'incremental', 'differential']);

/** A recovery point. */
export const backupSchema = z
  .strictObject({
    backup_id: z.string(),
    vm_name: z.string(),
    machine_id: z.string().describe('Key of the machine in every repository.'),
    repository: z.string(),
    backup_type: kindSchema,
    instant: instantSchema.describe('The frozen instant.'),
    parent_id: z.string().nullable(),
    consistency: z.string(),
    stored_bytes: bytesSchema,
    held: z.boolean().describe('Nothing removes it.'),
    note: z.string().nullable(),
    disks: z.array(z.strictObject({ id: z.string(), size_bytes: bytesSchema, stored_bytes: bytesSchema })),
  })
  .meta({ id: 'Backup' });

/** Answer of `GET /api/v1/backup/{backup_id}`: the backup with its machine. */
export const backupDetailsSchema = backupSchema
  .extend({
    spec: machineSpecSchema.describe(
      'The machine at that instant. Of a disk that goes by a path of the server, `disk-N` is its id.',
    ),
  })
  .meta({ id: 'BackupDetails' });

/** Answer of `GET /api/v1/backup/list`: oldest first in each repository. */
export const backupListSchema = z.strictObject({ backups: z.array(backupSchema) });

/** Answer of `DELETE /api/v1/backup/{backup_id}`. */
export const deletedBackupSchema = z.strictObject({ removed: z.array(z.string()), freed_bytes: bytesSchema });

/** Answer of `GET /api/v1/backup/chain`: what the newest point of a machine is read through, from the full on. */
export const backupChainSchema = z
  .strictObject({
    vm_name: z.string(),
    machine_id: z.string(),
    repository: z.string(),
    disks: z.array(
      z.strictObject({
        id: z.string(),
        chain: z.array(
          z.strictObject({ backup_id: z.string(), backup_type: kindSchema, stored_bytes: bytesSchema }),
        ),
        total_bytes: bytesSchema,
      }),
    ),
  })
  .meta({ id: 'BackupChain' });

/** What a backup made. */
export const backupResultSchema = z
  .strictObject({
    backup_id: z.string(),
    vm_name: z.string().describe('Name of the machine, as it was backed up.'),
    machine_id: z.string().describe('Key of the machine in every repository.'),
    backup_type: kindSchema,
    reason: z.string().nullable().describe('Why it is full; null on an increment.'),
    reason_text: z.string().nullable(),
    parent_id: z.string().nullable(),
    instant: instantSchema,
    consistency: z.string(),
    bytes_read: bytesSchema,
    changed_bytes: bytesSchema,
    bytes_stored: bytesSchema,
    duration_ms: z.int().nonnegative(),
    disks: z.array(
      z.strictObject({
        id: z.string(),
        size_bytes: bytesSchema,
        bytes_stored: bytesSchema,
        backup_type: kindSchema,
        reason: z.string().nullable().describe('Why the disk is full; null on an increment.'),
      }),
    ),
    skipped: z
      .array(z.strictObject({ id: z.string(), reason: z.string() }))
      .describe('Disks that are not in the backup, and why.'),
    findings: z.array(findingSchema),
  })
  .meta({ id: 'BackupResult' });

/** See {@link startBackupSchema}. */
export type StartBackup = z.input<typeof startBackupSchema>;

/** See {@link backupQuerySchema}. */
export type BackupQuery = z.input<typeof backupQuerySchema>;

/** See {@link listBackupsSchema}. */
export type ListBackups = z.input<typeof listBackupsSchema>;

/** See {@link backupChainQuerySchema}. */
export type BackupChainQuery = z.input<typeof backupChainQuerySchema>;

/** See {@link backupSchema}. */
export type Backup = z.output<typeof backupSchema>;

/** See {@link backupDetailsSchema}. */
export type BackupDetails = z.output<typeof backupDetailsSchema>;

/** See {@link backupListSchema}. */
export type BackupList = z.output<typeof backupListSchema>;

/** See {@link deletedBackupSchema}. */
export type DeletedBackup = z.output<typeof deletedBackupSchema>;

/** See {@link backupChainSchema}. */
export type BackupChain = z.output<typeof backupChainSchema>;

/** See {@link backupResultSchema}. */
export type BackupResult = z.output<typeof backupResultSchema>;
