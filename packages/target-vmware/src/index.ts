export {
  parseVmwareTargetOptions,
  type VmwareTargetOptions,
  vmwareTargetOptionsSchema,
} from './options.ts';
export {
  type OvaTargetOptions,
  ovaTargetOptionsSchema,
  parseOvaTargetOptions,
} from './ovf/options.ts';
export type { OvaTargetServices } from './ovf/package-context.ts';
export { createOvaTarget, ovaPlugin } from './ovf/target-ova.ts';
export { createVmwareTarget, plugin, type VmwareTargetServices } from './target-vmware.ts';
