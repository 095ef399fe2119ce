export { isDiskThere, moveDisk, removeDisk, removeFile } from './disk-files.ts';
export { findPlaces, type PlaceRequest, type Places, type VimNetwork } from './find-places.ts';
export {
  createMachine,
  destroyMachine,
  type MachinePlace,
  reconfigureMachine,
  renameMachine,
  switchMachine,
} from './machine-tasks.ts';
