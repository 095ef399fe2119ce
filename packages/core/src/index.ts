export { alignExtents, type ExtentGrid } from './block/align-extents.ts';
export type * from './block/block-endpoint.ts';
export type * from './block/block-io-driver.ts';
export type * from './block/block-limits.ts';
export type * from './block/block-reader.ts';
export type * from './block/block-writer.ts';
export type * from './block/chunker.ts';
export { copyBlocks } from './block/copy-blocks.ts';
export type { CopyRequest, UnchangedPieces } from './block/copy-request.ts';
export type * from './block/copy-result.ts';
export type * from './block/pace.ts';
export type * from './block/tls-options.ts';
export * from './block/transfer.ts';
export { isZeroBytes } from './block/zero-bytes.ts';
export type * from './capture/capture.ts';
export type * from './capture/capture-plan.ts';
export type * from './capture/capture-request.ts';
export { type ChangeState, changeStateSchema, MAX_CHANGE_STATE_BYTES } from './capture/change-state.ts';
export type * from './capture/changes.ts';
export type * from './capture/disk-view.ts';
export { FULL_REASONS, type FullReason, fullReasonText } from './capture/full-reason.ts';
export type * from './capture/source-connector.ts';
export type * from './convert/format-converter.ts';
export type * from './engine/fence.ts';
export type * from './engine/journal.ts';
export type * from './engine/keep.ts';
export { abortedError, throwIfAborted } from './errors/aborted.ts';
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
export * from './machine/artifact.ts';
export { type DiskSlot, diskBusSchema, diskSlotSchema } from './machine/disk-slot.ts';
export type * from './machine/machine-filter.ts';
export { type MachineRef, machineKeyOf, machineRefSchema } from './machine/machine-ref.ts';
export {
  type Firmware,
  firmwareSchema,
  type MachineDisk,
  type MachineSpec,
  machineSpecSchema,
} from './machine/machine-spec.ts';
export type * from './plugin/capabilities.ts';
export type * from './plugin/plugin.ts';
export type * from './plugin/plugin-services.ts';
export type * from './plugin/standard-schema.ts';
export { systemClock, systemRandom, systemServices } from './plugin/system-services.ts';
export type * from './repository/backup-kind.ts';
export type * from './repository/point-draft.ts';
export type * from './repository/point-writer.ts';
export type * from './repository/queries.ts';
export type * from './repository/recovery-point.ts';
export type * from './repository/repository.ts';
export type * from './repository/repository-maintenance.ts';
export { type RetentionPolicy, retentionPolicySchema } from './repository/retention-policy.ts';
export type * from './target/compatibility-report.ts';
export type * from './target/replica-operations.ts';
export { type PlannedDisk, type RestorePlan, restorePlanSchema } from './target/restore-plan.ts';
export type * from './target/restore-request.ts';
export type * from './target/restore-writer.ts';
export type * from './target/target-connector.ts';
export type { Brand } from './values/brand.ts';
export type { Call } from './values/call.ts';
export { checkedInteger, checkRange, safeNumber } from './values/checked-integer.ts';
export { type Consistency, consistencySatisfies } from './values/consistency.ts';
export type { Duration } from './values/duration.ts';
export type * from './values/extent.ts';
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
