export type { VimTrust } from './http/trusted-agent.ts';
export {
  type DescribedMachine,
  describeMachine,
  diskIdOf,
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
export { type FailedVimCall, isFault, mapFault } from './map-error.ts';
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
  connectVim,
  type ServiceContent,
  type VimAbout,
  type VimClient,
  type VimInvoke,
  type VimOptions,
} from './session/index.ts';
export {
  createSnapshot,
  readSnapshotDisks,
  removeSnapshot,
  type SnapshotRequest,
} from './snapshot/snapshots.ts';
export {
  type ManagedObject,
  type VimFault,
  type VimField,
  type VimObject,
  type VimValue,
  vimObject,
} from './soap/index.ts';
