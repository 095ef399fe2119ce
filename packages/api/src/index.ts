export {
  type Backup,
  type BackupChain,
  type BackupChainQuery,
  type BackupDetails,
  type BackupList,
  type BackupQuery,
  type BackupResult,
  backupChainQuerySchema,
  backupChainSchema,
  backupDetailsSchema,
  backupListSchema,
  backupParamsSchema,
  backupQuerySchema,
  backupResultSchema,
  backupSchema,
  type DeletedBackup,
  deletedBackupSchema,
  type ListBackups,
  listBackupsSchema,
  type StartBackup,
  startBackupSchema,
} from './backup.ts';
export { type StartCloudstackBackup, startCloudstackBackupSchema } from './cloudstack.ts';
export { type ApiErrorCode, type ErrorBody, errorCodeSchema, errorSchema } from './error.ts';
export {
  type Download,
  downloadSchema,
  type FileEntry,
  type FileList,
  fileListSchema,
  type ListFiles,
  listFilesSchema,
} from './files.ts';
export {
  JOB_STATES,
  type JobList,
  type JobProgress,
  type JobState,
  type JobView,
  jobListSchema,
  jobParamsSchema,
  jobProgressSchema,
  jobSchema,
  type ListJobs,
  listJobsSchema,
} from './job.ts';
export { type JobEventData, type JobEventName, jobEventSchemas } from './job-event.ts';
export {
  type Mount,
  type MountBackup,
  type MountList,
  mountBackupSchema,
  mountListSchema,
  mountParamsSchema,
  mountSchema,
  type Unmount,
  type Unmounted,
  unmountedSchema,
  unmountSchema,
} from './mounts.ts';
export {
  type ApiFinding,
  bytesSchema,
  findingSchema,
  idSchema,
  instantSchema,
  placeNameSchema,
} from './names.ts';
export {
  type ApiRestoreResult,
  restoreResultSchema,
  type StartRestore,
  startRestoreSchema,
} from './restore.ts';
export { type Health, healthSchema, type Ready, readySchema } from './server.ts';
