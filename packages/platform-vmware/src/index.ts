export type { AutomationAsk, AutomationRequest } from './automation/index.ts';
export {
  AREAS_IN_USE,
  type ChangedAreasRequest,
  type ChangeId,
  parseChangeId,
  queryChangedAreas,
  setChangeTracking,
} from './changes/index.ts';
export {
  createDatastoreFiles,
  createHostFiles,
  type DatastoreFile,
  type DatastoreFiles,
  type DatastoreFilesOptions,
  type DatastorePath,
  formatDatastorePath,
  hasFiles,
  parseDatastorePath,
  readDatastore,
  readHost,
  type VimDatastore,
  type VimHost,
} from './datastore/index.ts';
export type { RangeAnswer } from './http/fetch-range.ts';
export type { StreamAnswer } from './http/open-stream.ts';
export type { VimTrust } from './http/trusted-agent.ts';
export {
  type ImportedMachine,
  type ImportRequest,
  importMachine,
  importSpecOf,
  type Upload,
  uploadDisk,
  uploadFile,
} from './import/index.ts';
export {
  type DescribedMachine,
  describeMachine,
  diskIdOf,
  findMachine,
  findVariables,
  isEncrypted,
  isVariableStore,
  listMachines,
  machineSpecOf,
  type Names,
  type VimDevices,
  type VimDisk,
  type VimMachine,
  type VimMachineSummary,
  type VimNic,
  type VimPower,
  VMWARE_PLATFORM,
} from './inventory/index.ts';
export {
  abortLease,
  exportSnapshot,
  type HeldLease,
  holdLease,
  type LeaseDevice,
  type LeaseInfo,
  waitForLease,
} from './lease/index.ts';
export { type FailedVimCall, isFault, isGone, mapFault } from './map-error.ts';
export {
  type ListOptions,
  listObjects,
  type ObjectProperties,
  type PropertyPaths,
  readProperties,
  runTask,
  type TaskCall,
  waitForTask,
} from './properties/index.ts';
export {
  createMachine,
  destroyMachine,
  findPlaces,
  isDiskThere,
  type MachinePlace,
  moveDisk,
  type PlaceRequest,
  type Places,
  reconfigureMachine,
  removeDisk,
  removeFile,
  renameMachine,
  switchMachine,
  type VimNetwork,
} from './provision/index.ts';
export {
  connectVim,
  type FileRange,
  type FileTransfer,
  type HostRange,
  type ServiceContent,
  type StreamRequest,
  type VimAbout,
  type VimClient,
  type VimInvoke,
  type VimOptions,
} from './session/index.ts';
export {
  consolidateDisks,
  createSnapshot,
  listSnapshots,
  readSnapshotDisks,
  readSnapshots,
  removeSnapshot,
  type SnapshotRequest,
  type VimSnapshot,
  type VimSnapshotTree,
} from './snapshot/index.ts';
export {
  type ManagedObject,
  type VimFault,
  type VimField,
  type VimObject,
  type VimTyped,
  type VimValue,
  vimObject,
} from './soap/index.ts';
export {
  attachTags,
  type FoundTag,
  findTags,
  formatTag,
  parseTag,
  readTags,
  type UnattachedTag,
  type VimTag,
} from './tagging/index.ts';
