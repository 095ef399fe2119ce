export { type LiveDiskOptions, LiveQemu, type LiveQemuOptions } from './live-qemu.ts';
