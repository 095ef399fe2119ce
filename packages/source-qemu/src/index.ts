export { type QemuSourceOptions, qemuSourceOptionsSchema } from './options.ts';
export { createQemuSource, plugin, type QemuSourceServices } from './source-qemu.ts';
