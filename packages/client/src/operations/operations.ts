import {
  backupChainQuerySchema,
  backupChainSchema,
  backupDetailsSchema,
  backupListSchema,
  backupParamsSchema,
  backupQuerySchema,
  deletedBackupSchema,
  fileListSchema,
  healthSchema,
  jobListSchema,
  jobParamsSchema,
  jobSchema,
  listBackupsSchema,
  listFilesSchema,
  listJobsSchema,
  mountBackupSchema,
  mountListSchema,
  mountParamsSchema,
  mountSchema,
  readySchema,
  startBackupSchema,
  startCloudstackBackupSchema,
  startRestoreSchema,
  unmountedSchema,
  unmountSchema,
} from '@sendense/api';
import { z } from 'zod';
import { operation } from './operation.ts';

/** Every operation that answers JSON, by its `operationId`; those that answer streams stand in `stream-operations.ts`. */
export const OPERATIONS = {
  /** Backs a machine up; the answer is the job that does it. Role operator. */
  startBackup: operation({
    method: 'POST',
    path: '/api/v1/backup/start',
    body: startBackupSchema,
    answer: jobSchema,
  }),
  /** The backups of a machine, or all, oldest first in each repository. Role viewer. */
  listBackups: operation({
    method: 'GET',
    path: '/api/v1/backup/list',
    query: listBackupsSchema,
    answer: backupListSchema,
  }),
  /** What the newest backup of a machine is read through. Role viewer. */
  showBackupChain: operation({
    method: 'GET',
    path: '/api/v1/backup/chain',
    query: backupChainQuerySchema,
    answer: backupChainSchema,
  }),
  /** One backup, with its machine. Role viewer. */
  showBackup: operation({
    method: 'GET',
    path: '/api/v1/backup/:backup_id',
    params: backupParamsSchema,
    query: backupQuerySchema,
    answer: backupDetailsSchema,
  }),
  /** Deletes a backup; those that build on it keep their content. Role admin. */
  deleteBackup: operation({
    method: 'DELETE',
    path: '/api/v1/backup/:backup_id',
    params: backupParamsSchema,
    query: backupQuerySchema,
    answer: deletedBackupSchema,
  }),
  /** Restores a backup to a target; the answer is the job that does it. Role operator. */
  startRestore: operation({
    method: 'POST',
    path: '/api/v1/restore/start',
    body: startRestoreSchema,
    answer: jobSchema,
  }),
  /** Opens a backup to browse its files, with `mode` mount also as a folder of the server's machine; nothing is restored. Role operator. */
  mountBackup: operation({
    method: 'POST',
    path: '/api/v1/restore/mount',
    body: mountBackupSchema,
    answer: mountSchema,
  }),
  /** The backups that are open, oldest first. Role operator. */
  listMounts: operation({ method: 'GET', path: '/api/v1/restore/mount', answer: mountListSchema }),
  /** A page of a folder of a mounted backup; `files.entries` gives all pages. Role operator. */
  listFiles: operation({
    method: 'GET',
    path: '/api/v1/restore/:mount_id/files',
    params: mountParamsSchema,
    query: listFilesSchema,
    answer: fileListSchema,
  }),
  /** Stops browsing a backup; tells what downloaded archives left out. Rejects with `LOCKED` while its folder is in use. Role operator. */
  unmountBackup: operation({
    method: 'DELETE',
    path: '/api/v1/restore/:mount_id',
    params: mountParamsSchema,
    query: unmountSchema,
    answer: unmountedSchema,
  }),
  /** The jobs, newest first. Role viewer. */
  listJobs: operation({
    method: 'GET',
    path: '/api/v1/jobs',
    query: listJobsSchema,
    answer: jobListSchema,
  }),
  /** One job. Role viewer. */
  showJob: operation({
    method: 'GET',
    path: '/api/v1/jobs/:job_id',
    params: jobParamsSchema,
    answer: jobSchema,
  }),
  /** Asks a job to end; what is committed stays. Role operator. */
  cancelJob: operation({
    method: 'POST',
    path: '/api/v1/jobs/:job_id/cancel',
    params: jobParamsSchema,
    answer: jobSchema,
  }),
  /** The machines of CloudStack; rejects with `UNSUPPORTED` yet. Role operator. */
  listCloudstackMachines: operation({ method: 'GET', path: '/api/v1/cloudstack/vms', answer: z.never() }),
  /** Backs a machine of CloudStack up; rejects with `UNSUPPORTED` yet. Role operator. */
  startCloudstackBackup: operation({
    method: 'POST',
    path: '/api/v1/backup/cloudstack',
    body: startCloudstackBackupSchema,
    answer: z.never(),
  }),
  /** The agents in CloudStack; rejects with `UNSUPPORTED` yet. Role operator. */
  listCloudstackAgents: operation({ method: 'GET', path: '/api/v1/agents/cloudstack', answer: z.never() }),
  /** The process answers. */
  checkHealth: operation({ method: 'GET', path: '/health', answer: healthSchema }),
  /** The server takes requests; else it rejects with `ABORTED`. */
  checkReadiness: operation({ method: 'GET', path: '/ready', answer: readySchema }),
} as const;
