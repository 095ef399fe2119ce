import { z } from 'zod';

/** Body of `POST /api/v1/backup/cloudstack`. */
export const startCloudstackBackupSchema = z
  .strictObject({
    vm_id: z.string().min(1).max(256),
    backup_type: z.enum(['auto', 'full', 'incremental', 'differential']).default('auto'),
    consistency: z.enum(['crash', 'filesystem', 'application']).default('crash'),
  })
  .meta({ id: 'StartCloudstackBackup' });

/** See {@link startCloudstackBackupSchema}. */
export type StartCloudstackBackup = z.input<typeof startCloudstackBackupSchema>;
