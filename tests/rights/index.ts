export { LIBVIRT_QEMU, type RestrictedLibvirt, startRestrictedLibvirt } from './restricted-libvirt.ts';
