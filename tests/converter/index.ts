export { type ConverterOfFolder, qemuConverterSubject } from './qemu-converter-subject.ts';
export { qemuName } from './qemu-name.ts';
