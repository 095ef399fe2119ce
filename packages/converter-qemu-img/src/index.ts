export { createQemuImgConverter, plugin } from './converter-qemu-img.ts';
export { type QemuImgConverterOptions, qemuImgConverterOptionsSchema } from './options.ts';
