export { type LibvirtDaemon, startLibvirt } from './libvirt-daemon.ts';
export {
  type DomainWrite,
  type LiveDevice,
  type LiveDiskOptions,
  LiveDomain,
  type LiveDomainOptions,
  startDomain,
} from './live-domain.ts';
