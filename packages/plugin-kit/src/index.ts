export {
  createSecrets,
  type Environment,
  holdsUserinfo,
  type NativeMode,
  parseOptions,
  processEnvironment,
  readConfig,
  readNativeMode,
  readSecretFile,
  type SecretSources,
} from './config/index.ts';
export {
  type Blake3,
  type Blake3Stream,
  createBlake3Stream,
  DIGEST_BYTES,
  loadBlake3,
} from './digest/index.ts';
export { type ErrorRule, type ErrorTable, type FailedCall, mapByTable } from './errors/index.ts';
export { createProcessFence, isHolderAlive, processHolder } from './fence/process-fence.ts';
export { soloFence } from './fence/solo-fence.ts';
export {
  type FileHandle,
  type FileKind,
  type FileStatus,
  type FileSystem,
  type FileSystemSpace,
  type ImageLocks,
  type ImageUse,
  linuxImageLocks,
  mapErrno,
  nodeFileSystem,
  type OpenMode,
  type Publication,
  publishFile,
  readSmallFile,
  unfinishedFilesOf,
  writeFileDurably,
} from './files/index.ts';
export {
  type AdjustablePace,
  Budget,
  type ChangeRunner,
  Closer,
  createPace,
  type Limited,
  limitConcurrency,
  orClose,
  type RetryOptions,
  readAhead,
  stopAtFailure,
  systemTimer,
  type TimeoutOptions,
  type Timer,
  withRetry,
  withTimeout,
} from './flow/index.ts';
export { readRestoreState } from './restore/read-restore-state.ts';
