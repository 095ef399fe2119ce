export type { QemuTargetServices } from './context.ts';
export { type QemuTargetOptions, qemuTargetOptionsSchema } from './options.ts';
export { createQemuTarget, plugin } from './target-qemu.ts';
