export { type VmwareSourceOptions, vmwareSourceOptionsSchema } from './options.ts';
export { createVmwareSource, plugin, type VmwareSourceServices } from './source-vmware.ts';
