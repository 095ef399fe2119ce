export { heldByQemu } from './held-by-qemu.ts';
export { type LiveDiskOptions, LiveQemu, type LiveQemuOptions } from './live-qemu.ts';
