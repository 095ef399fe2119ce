export { capabilities } from './capabilities.ts';
export type { TrustedHead } from './head/trusted-head.ts';
export { createTrustedHeadFolder, type TrustedHeadFolderOptions } from './head/trusted-head-folder.ts';
export type { KeyProvider, KeySource } from './keys/key-source.ts';
export type { KeySlotInfo } from './keys/rotate-keys.ts';
export type { ObjectMaintenance } from './maintain/maintenance.ts';
export type { RebuildReport } from './maintain/rebuild-index.ts';
export type { LockReport } from './maintain/renew-locks.ts';
export {
  createObjectRepository,
  type ObjectRepository,
  openObjectRepository,
} from './object-repository.ts';
export type {
  CreateObjectRepositoryOptions,
  ObjectRepositoryServices,
  OpenObjectRepositoryOptions,
  RepositoryAccess,
} from './options.ts';
export { createDirectoryStore, type DirectoryStoreOptions } from './store/directory-store.ts';
export type {
  GetOptions,
  ListedObject,
  ListOptions,
  ObjectStatus,
  ObjectStore,
  ObjectStoreCapabilities,
  PutOptions,
} from './store/object-store.ts';
export type { ObjectVerifyScope } from './verify/verify-repository.ts';
