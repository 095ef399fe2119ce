export {
  parseVmwareTargetOptions,
  type VmwareTargetOptions,
  vmwareTargetOptionsSchema,
} from './options.ts';
export { createVmwareTarget, plugin, type VmwareTargetServices } from './target-vmware.ts';
