export { type Certificates, makeCertificates } from './certificates.ts';
export { type DiskServer, serveByNbdkit, serveByQemu } from './disk-servers.ts';
export { type NbdServerProcess, nbdUri } from './nbd-server-process.ts';
export { type NbdkitOptions, startNbdkit } from './nbdkit.ts';
export { nbdCopy, nbdInfo, nbdMap, nbdShell, qemuImg, qemuIo } from './oracles.ts';
export { type QemuNbdOptions, startQemuNbd } from './qemu-nbd.ts';
