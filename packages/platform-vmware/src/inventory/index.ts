export { findMachine } from './find-machine.ts';
export { findVariables } from './find-variables.ts';
export { isEncrypted } from './is-encrypted.ts';
export {
  type DescribedMachine,
  describeMachine,
  listMachines,
  type VimMachineSummary,
} from './list-machines.ts';
export { diskIdOf, machineSpecOf, VMWARE_PLATFORM } from './machine-spec.ts';
export type { VimDevices, VimDisk, VimNic } from './parse-devices.ts';
export type { VimMachine, VimPower } from './parse-machine.ts';
export type { Names } from './read-names.ts';
export { isVariableStore } from './variable-store.ts';
