import type { MountedVolume, MountInfo } from '@sendense/file-mount';
import { findingLines, type PrintedFinding } from './describe-findings.ts';
import { printable } from './printable.ts';
import { textTable } from './text-table.ts';

/** A mounted volume as the command line prints it. */
export type PrintedVolume = {
  readonly id: string;
  readonly fileSystem: string;
  /** Who reads the file system: `kernel`, or a program. */
  readonly driver: string;
  /** The folder that shows its files. */
  readonly path: string;
};

/** A mount as the command line prints it. */
export type PrintedMount = {
  readonly mountId: string;
  readonly mountPath: string;
  readonly pointId: string;
  /** `false`: what serves it died; `reconcile` takes it away. */
  readonly running: boolean;
  readonly volumes: readonly PrintedVolume[];
};

/** What `backup mount` has mounted, as the command line prints it. */
export type PrintedMounted = {
  readonly mountId: string;
  readonly mountPath: string;
  readonly access: 'mounted';
  readonly volumes: readonly PrintedVolume[];
  readonly findings: readonly PrintedFinding[];
};

/** See {@link PrintedVolume}. */
export function describeMountedVolumes(volumes: readonly MountedVolume[]): PrintedVolume[] {
  return volumes.map(({ id, fileSystem, driver, target }) => ({ id, fileSystem, driver, path: target }));
}

/** See {@link PrintedMount}. */
export function describeMounts(mounts: readonly MountInfo[]): PrintedMount[] {
  return mounts.map(({ id, path, point, isKept, volumes }) => ({
    mountId: id,
    mountPath: path,
    pointId: point,
    running: isKept,
    volumes: describeMountedVolumes(volumes),
  }));
}

/** What a person is told of a mount that has begun. */
export function mountedLines({ mountId, mountPath, findings }: PrintedMounted): string[] {
  return [
    `mounted at ${mountPath}; end it with: sendense-ctl backup unmount ${mountId}`,
    ...findingLines(findings),
  ];
}

/** A table of mounts. */
export function mountLines(mounts: readonly PrintedMount[]): string[] {
  const rows = mounts.map(({ mountId, mountPath, pointId, running }) => [
    mountId,
    printable(pointId),
    running ? 'served' : 'left behind',
    printable(mountPath),
  ]);
  return textTable(['MOUNT', 'POINT', 'STATE', 'FOLDER'], rows);
}
