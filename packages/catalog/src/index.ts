export { type Catalog, openCatalog } from './catalog.ts';
export type { Lease, LeaseRequest } from './fence/lease.ts';
export type { CatalogJobs } from './jobs/catalog-jobs.ts';
export type {
  BackupJob,
  Job,
  JobRequest,
  JobStep,
  RestoreJob,
} from './jobs/job.ts';
export type {
  JobEndEvent,
  JobEventSource,
  JobStartEvent,
  JobSubject,
  StepEndEvent,
  StepStartEvent,
} from './jobs/job-events.ts';
export type { JobRecording } from './jobs/record-jobs.ts';
export { type CatalogOptions, catalogOptionsSchema } from './options.ts';
export type { CatalogPoints, RebuildReport } from './points/catalog-points.ts';
export type { CatalogRepositories, KnownRepository } from './repositories/catalog-repositories.ts';
export type { ChainTable, JobStatus, PointTable } from './schema/tables.ts';
