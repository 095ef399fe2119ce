export { type LibvirtDaemon, startLibvirt } from './libvirt-daemon.ts';
export {
  type DomainWrite,
  type LiveDiskOptions,
  LiveDomain,
  type LiveDomainOptions,
  startDomain,
} from './live-domain.ts';
