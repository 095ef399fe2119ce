export { alignExtents, type ExtentGrid } from './block/align-extents.ts';
export type {
  BlockEndpoint,
  CustomEndpoint,
  FileEndpoint,
  NbdEndpoint,
  SocketAddress,
} from './block/block-endpoint.ts';
export type { BlockIoDriver } from './block/block-io-driver.ts';
export type { BlockLimits } from './block/block-limits.ts';
export type { BlockReader, LocatedRange } from './block/block-reader.ts';
export type { BlockWriter, CopyOptions } from './block/block-writer.ts';
export type { ChunkBatch, Chunker, ChunkerOptions, EncodedChunks } from './block/chunker.ts';
export { copyBlocks } from './block/copy-blocks.ts';
export type { CopyRequest, UnchangedPieces } from './block/copy-request.ts';
export type { CopyBlocksResult, CopyResult } from './block/copy-result.ts';
export type { Pace } from './block/pace.ts';
export type { TlsOptions } from './block/tls-options.ts';
export { MOVE_SLOTS, type TransferRequest, type TransferResult } from './block/transfer.ts';
export { isZeroBytes } from './block/zero-bytes.ts';
export type { Capture } from './capture/capture.ts';
export type { CapturePlan, DiskPlan, Lane, SkippedDisk } from './capture/capture-plan.ts';
export type { CaptureRequest, DiskFilter } from './capture/capture-request.ts';
export { type ChangeState, changeStateSchema, MAX_CHANGE_STATE_BYTES } from './capture/change-state.ts';
export type { Changes, FullChanges, IncrementalChanges } from './capture/changes.ts';
export type { DiskView } from './capture/disk-view.ts';
export { FULL_REASONS, type FullReason, fullReasonText } from './capture/full-reason.ts';
export type { SourceConnector } from './capture/source-connector.ts';
export type {
  ConvertRequest,
  ConvertResult,
  DiskFormat,
  FormatConverter,
  FormatPair,
} from './convert/format-converter.ts';
export type { Fence } from './engine/fence.ts';
export type { Journal, JournalEntry } from './engine/journal.ts';
export type { Keep, ReconcileReport } from './engine/keep.ts';
export { abortedError, throwIfAborted } from './errors/aborted.ts';
export { amendError, type ErrorAmendment } from './errors/amend-error.ts';
export { defaultRetry, ERROR_CODES, type ErrorCode, type RetryAdvice } from './errors/error-code.ts';
export { errorFromJson } from './errors/error-from-json.ts';
export { type ErrorDetails, SendenseError } from './errors/sendense-error.ts';
export { guardCapture } from './guards/guard-capture.ts';
export { guardConverter } from './guards/guard-converter.ts';
export { guardDriver } from './guards/guard-driver.ts';
export { guardJournal } from './guards/guard-journal.ts';
export { guardPointReader, guardPointWriter } from './guards/guard-point.ts';
export { guardReader } from './guards/guard-reader.ts';
export { guardRepository } from './guards/guard-repository.ts';
export { guardSource } from './guards/guard-source.ts';
export { guardRestoreWriter, guardTarget } from './guards/guard-target.ts';
export { guardWriter } from './guards/guard-writer.ts';
export { type Artifact, type ArtifactName, MAX_ARTIFACT_BYTES } from './machine/artifact.ts';
export { type DiskSlot, diskBusSchema, diskSlotSchema } from './machine/disk-slot.ts';
export type { MachineFilter, MachineSummary } from './machine/machine-filter.ts';
export { type MachineRef, machineKeyOf, machineRefSchema } from './machine/machine-ref.ts';
export {
  type Firmware,
  firmwareSchema,
  type MachineDisk,
  type MachineSpec,
  machineSpecSchema,
} from './machine/machine-spec.ts';
export type {
  ProofLevel,
  Proven,
  ReplicaCapabilities,
  RepositoryCapabilities,
  SourceCapabilities,
  TargetCapabilities,
} from './plugin/capabilities.ts';
export type { Contract, Plugin, PluginKind } from './plugin/plugin.ts';
export type { Clock, LogRecord, LogSink, PluginServices, Random, Secrets } from './plugin/plugin-services.ts';
export type { StandardIssue, StandardResult, StandardSchemaV1 } from './plugin/standard-schema.ts';
export { systemClock, systemRandom, systemServices } from './plugin/system-services.ts';
export type { BackupKind } from './repository/backup-kind.ts';
export type { DraftDisk, PointDraft } from './repository/point-draft.ts';
export type { PointWriter } from './repository/point-writer.ts';
export type { PointFilter, RepositoryUsage, VerifyCoverage, VerifyScope } from './repository/queries.ts';
export type { PointDisk, RecoveryPoint } from './repository/recovery-point.ts';
export type { PointReader, Repository } from './repository/repository.ts';
export type {
  ConsolidateReport,
  ConsolidateRequest,
  PointAnnotation,
  PruneOptions,
  PruneReport,
  RepositoryMaintenance,
} from './repository/repository-maintenance.ts';
export { type RetentionPolicy, retentionPolicySchema } from './repository/retention-policy.ts';
export type { CompatibilityReport, CostEstimate, PropertyOutcome } from './target/compatibility-report.ts';
export type {
  ForkDisk,
  ForkOptions,
  ReplicaCycle,
  ReplicaFork,
  ReplicaOperations,
  ReplicaRef,
  ReplicaStatus,
  ReplicaWriter,
} from './target/replica-operations.ts';
export { isRestoreGone, restoreGone } from './target/restore-gone.ts';
export { type PlannedDisk, type RestorePlan, restorePlanSchema } from './target/restore-plan.ts';
export type { RestoreDisk, RestoreInto, RestoreRequest } from './target/restore-request.ts';
export type {
  RestoredDisk,
  RestoreResult,
  RestoreRun,
  RestoreState,
  RestoreWriter,
  RollbackReport,
} from './target/restore-writer.ts';
export type { TargetConnector } from './target/target-connector.ts';
export type { Brand } from './values/brand.ts';
export type { Call } from './values/call.ts';
export { checkedInteger, checkRange, safeNumber } from './values/checked-integer.ts';
export { type Consistency, consistencySatisfies } from './values/consistency.ts';
export type { Duration } from './values/duration.ts';
export type { ByteRange, Extent, ExtentKind } from './values/extent.ts';
export type { Finding, FindingSeverity } from './values/finding.ts';
export {
  type CaptureId,
  captureId,
  type DiskId,
  diskId,
  type InstantId,
  instantId,
  type JobId,
  jobId,
  type MachineKey,
  machineKey,
  type PlanId,
  type PointId,
  planId,
  pointId,
  type RepositoryId,
  randomId,
  repositoryId,
  type StreamId,
  streamId,
  uuidV5,
} from './values/identifiers.ts';
export type { Json } from './values/json.ts';
export type { Progress } from './values/progress.ts';
export { Secret } from './values/secret.ts';
