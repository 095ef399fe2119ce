import {
  mountBackupSchema,
  mountListSchema,
  mountParamsSchema,
  mountSchema,
  unmountedSchema,
  unmountSchema,
} from '@sendense/api';
import type { Finding } from '@sendense/core';
import type { MountedPoint } from '@sendense/file-mount';
import type { AuditSubject } from '../../audit/audit-log.ts';
import { isOfEarlierMount } from '../../mounts/earlier-mounts.ts';
import type { MountedFolders } from '../../mounts/mounted-folders.ts';
import type { Places } from '../../places/places.ts';
import { type Route, route } from '../route.ts';
import { describeFindings, describeVolume } from './describe-files.ts';
import type { Mount, MountRecord, Mounts } from './mounts.ts';

type Parts = { readonly places: Places; readonly folders: MountedFolders; readonly mounts: Mounts };

/** Mounts begin, are listed, and end. */
export function mountRoutes(parts: Parts): readonly Route[] {
  return [mountRoute(parts), listMountsRoute(parts), unmountRoute(parts)];
}

function mountRoute({ places, folders, mounts }: Parts): Route {
  return route({
    method: 'POST',
    url: '/api/v1/restore/mount',
    role: 'operator',
    operationId: 'mountBackup',
    tag: 'restore',
    summary:
      'Open a backup to browse its files, also as a folder of the machine of the server; nothing is restored',
    body: mountBackupSchema,
    answer: mountSchema,
    errors: [
      'NOT_FOUND',
      'CONFLICT',
      'QUOTA_EXCEEDED',
      'UNSUPPORTED',
      'FORMAT_UNSUPPORTED',
      'PERMISSION_DENIED',
      'TIMEOUT',
    ],
    subjectOf: ({ body: { backup_id: backup, repository, mode, trust_image: trustImage } }) => ({
      backup,
      repository,
      ...(mode === 'mount' && { mode, trustImage }),
    }),
    async handler({ body, principal, scope, signal, noteSubject }) {
      const { backup_id, mode } = body;
      const found = await places.point(scope, backup_id, body.repository, { signal });
      noteSubject({ repository: found.repositoryName, machine: found.point.machine });
      if (mode === 'mount') folders.check({ trustImage: body.trust_image });
      const { id, session, folder } = await mounts.open(principal, { ...found, mode }, { signal });
      return {
        mount_id: id,
        mount_path: folder?.path ?? null,
        backup_id,
        volumes: session.volumes.map((volume) => describeVolume(volume, folder)),
        findings: describeFindings(folder === null ? session.findings : findingsOf(folder)),
      };
    },
  });
}

function listMountsRoute({ mounts }: Parts): Route {
  return route({
    method: 'GET',
    url: '/api/v1/restore/mount',
    role: 'operator',
    operationId: 'listMounts',
    tag: 'restore',
    summary: 'The backups that are open, oldest first',
    answer: mountListSchema,
    async handler(caller) {
      const all = await mounts.list(caller);
      return { mounts: all.map(describeMount) };
    },
  });
}

function unmountRoute({ mounts }: Parts): Route {
  return route({
    method: 'DELETE',
    url: '/api/v1/restore/:mount_id',
    role: 'operator',
    operationId: 'unmountBackup',
    tag: 'restore',
    summary: 'Stop browsing a backup, and take its folder away',
    params: mountParamsSchema,
    query: unmountSchema,
    answer: unmountedSchema,
    errors: ['LOCKED', 'TIMEOUT'],
    subjectOf: ({ query: { force } }) => (force ? { force } : {}),
    async handler({ params, query, noteSubject, ...caller }) {
      const { force } = query;
      const { record, findings } = await mounts.end(params.mount_id, caller, { force });
      noteSubject(subjectOf(record));
      return { mount_id: params.mount_id, findings: describeFindings(findings) };
    },
  });
}

/** What a request on a mount is about. */
export function subjectOf({ repositoryName, point }: MountRecord): AuditSubject {
  return { repository: repositoryName, backup: point.id, machine: point.machine };
}

function findingsOf({ findings }: MountedPoint): readonly Finding[] {
  return findings.filter((finding) => !isOfEarlierMount(finding));
}

function describeMount({ id, folder, point, repositoryName, session }: Mount) {
  const mode = folder === null ? ('browse' as const) : ('mount' as const);
  return {
    mount_id: id,
    mode,
    mount_path: folder?.path ?? null,
    backup_id: point.id,
    repository: repositoryName,
    volumes: session.volumes.map((volume) => describeVolume(volume, folder)),
  };
}
