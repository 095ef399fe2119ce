export { browsePoint, filesByWays } from './files/files-by-ways.ts';
export type { FilesOptions } from './files/files-options.ts';
export type { MountOptions } from './options.ts';
export { mountPoint } from './session/mount-point.ts';
export { type MountEnd, MountedPoint, type MountedVolume } from './session/mounted-point.ts';
export { type ReconciledMounts, reconcileMounts } from './session/reconcile-mounts.ts';
export { listMounts, type MountInfo, type UnmountRequest, unmountPoint } from './session/unmount-point.ts';
export type { MountDriver } from './volumes/mount-ways.ts';
