export type { QemuTargetServices } from './context.ts';
export { parseQemuTargetOptions, type QemuTargetOptions, qemuTargetOptionsSchema } from './options.ts';
export { createQemuTarget, plugin } from './target-qemu.ts';
