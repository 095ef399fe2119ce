export {
  parseVmwareTargetOptions,
  type VmwareTargetOptions,
  vmwareTargetOptionsSchema,
} from './options.ts';
export { createVmwareTarget, plugin, type VmwareTargetServices } from './vmware-target.ts';
