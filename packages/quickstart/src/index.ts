export { type VmwareSettings, vmwareSettingsSchema } from '@sendense/source-vmware/settings';
export { createBlockDrivers } from './block-drivers.ts';
export { openStore, type StoreServices } from './names/open-store.ts';
export { connectVmware } from './names/open-vmware-source.ts';
export type { AskPassphrase, PassphraseRequest } from './names/passphrase.ts';
export type { PlaceName, PlaceUse } from './names/place-name.ts';
export { parsePlaceName } from './names/place-name.ts';
export {
  type AzurePlace,
  parseRepositoryPlace,
  REPOSITORY_KINDS,
  type RepositoryPlace,
  repositoryLocation,
  type S3Place,
  type StorePlace,
} from './names/repository-place.ts';
export {
  createRepository,
  type NewRepositoryOptions,
  type RepositoryServices,
  type ResolvedRepository,
  type ResolveRepositoryOptions,
  resolveRepository,
} from './names/resolve-repository.ts';
export {
  type ResolvedSource,
  type ResolveSourceOptions,
  resolveConnector,
  resolveSource,
  type SourceServices,
} from './names/resolve-source.ts';
export {
  type ResolvedTarget,
  type ResolveTargetOptions,
  resolveTarget,
  type TargetPlace,
  targetNameOf,
} from './names/resolve-target.ts';
export {
  type AskVmwareAccount,
  createAskVmwareAccount,
  type VmwareAccount,
  type VmwareAccountSettings,
  type VmwareAccountSources,
} from './names/vmware-account.ts';
export { parseVmwarePlace, type VmwarePlace } from './names/vmware-place.ts';
export { defaultStateDirectory, type SendenseOptions, sendenseOptionsSchema } from './options.ts';
export { openSendense } from './quickstart.ts';
export type {
  SendenseBackup,
  SendenseCopy,
  SendensePoints,
  SendensePrune,
  SendenseReconcile,
  SendenseRestore,
  SendenseResume,
  SendenseVerify,
} from './requests.ts';
export { parseRestorePlaces, type RestorePlaces, serializeRestorePlaces } from './restore-places.ts';
export type { Sendense } from './sendense.ts';
