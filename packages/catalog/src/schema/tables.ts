import type { Generated } from 'kysely';

/** Instants are ISO 8601 UTC text, booleans 0/1, `*_json` columns JSON text. Sizes are bytes. */
export type JobStatus = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';

/** One row: the version of the schema. */
export type SchemaTable = { version: number; migrated_at: string };

/** Values of the engine; `revision` comes from one counter, so a removed key never repeats an old revision. */
export type JournalTable = {
  key: string;
  value_json: string;
  revision: number;
  fence_token: number;
  updated_at: string;
};

/** Named counters that only grow. */
export type CounterTable = { name: string; value: number };

/** Leases; the row outlives the lease, so that `token` only grows. */
export type LeaseTable = { name: string; holder: string | null; token: number; expires_at_ms: number };

/** Repositories this installation has met; `config_json` holds no secret. */
export type RepositoryTable = {
  id: string;
  kind: string;
  location: string;
  config_json: string;
  enabled: number;
  total_bytes: number | null;
  available_bytes: number | null;
  stored_bytes: number | null;
  updated_at: string;
};

/** A machine as its newest point in a repository describes it. */
export type MachineTable = { repository_id: string; machine_key: string; name: string; platform: string };

/** A chain: a full of one disk and everything that builds on it. */
export type ChainTable = {
  repository_id: string;
  machine_key: string;
  disk_number: number;
  full_point_id: string;
  points: number;
  stored_bytes: number;
};

/** A committed recovery point. */
export type PointTable = {
  repository_id: string;
  id: string;
  machine_key: string;
  stream_id: string;
  sequence: number;
  instant_id: string;
  at: string;
  kind: string;
  parent_id: string | null;
  consistency: string;
  stored_bytes: number;
  held: number;
  note: string | null;
};

/** A disk of a point; `full_point_id` names its chain. */
export type PointDiskTable = {
  repository_id: string;
  point_id: string;
  disk_number: number;
  disk_id: string;
  size_bytes: number;
  base_point_id: string | null;
  full_point_id: string;
  reason: string | null;
  stored_bytes: number;
  written_bytes: number;
  path: string | null;
};

/** What every kind of job has. */
type JobColumns = {
  id: string;
  status: JobStatus;
  /** The process that runs it. */
  holder: string | null;
  cancel_requested: Generated<number>;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  error_json: string | null;
};

/** A backup; what is not known yet is null; `type` is what was made (`requested_type` may be `auto`). */
export type BackupJobTable = JobColumns & {
  machine_key: string | null;
  machine_name: string | null;
  repository_id: string | null;
  requested_type: 'auto' | 'full' | 'incremental' | 'differential';
  type: 'full' | 'incremental' | 'differential' | null;
  reason: string | null;
  point_id: string | null;
  bytes_read: number | null;
  changed_bytes: number | null;
  stored_bytes: number | null;
  findings_json: string | null;
};

/** A restore. */
export type RestoreJobTable = JobColumns & {
  repository_id: string | null;
  point_id: string | null;
  target: string | null;
  written_bytes: number | null;
  verified: number | null;
  findings_json: string | null;
};

/** A named step of a restore, in order. */
export type RestoreStepTable = {
  job_id: string;
  position: number;
  name: string;
  state: 'pending' | 'running' | 'completed' | 'failed' | 'skipped';
  error_json: string | null;
  started_at: string | null;
  finished_at: string | null;
};

/** A replication of a machine to a replica; written by the replication verbs. */
export type ReplicationJobTable = JobColumns & {
  machine_key: string;
  replica_id: string;
  target: string;
  policy_json: string;
  last_instant_id: string | null;
  last_synced_at: string | null;
};

/** The tables of the catalog. */
export type Tables = {
  sendense_schema: SchemaTable;
  journal: JournalTable;
  counters: CounterTable;
  leases: LeaseTable;
  repositories: RepositoryTable;
  machines: MachineTable;
  chains: ChainTable;
  points: PointTable;
  point_disks: PointDiskTable;
  backup_jobs: BackupJobTable;
  restore_jobs: RestoreJobTable;
  restore_steps: RestoreStepTable;
  replication_jobs: ReplicationJobTable;
};
