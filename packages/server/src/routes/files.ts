import {
  downloadSchema,
  fileListSchema,
  listFilesSchema,
  mountBackupSchema,
  mountParamsSchema,
  mountSchema,
  unmountedSchema,
} from '@sendense/api';
import { SendenseError } from '@sendense/core';
import type { AuditSubject } from '../audit/audit-log.ts';
import type { Archives } from './files/archives.ts';
import { describeEntry, describeFindings, describeVolume } from './files/describe-files.ts';
import { type Download, download } from './files/download.ts';
import { type MountRecord, Mounts } from './files/mounts.ts';
import { type Route, route } from './route.ts';
import type { RouteServices } from './route-services.ts';

/** Operations on the files of backups: a backup is opened, its folders are listed, files and folders are downloaded. */
export function fileRoutes({
  places,
  files,
  archives,
}: Pick<RouteServices, 'places' | 'files' | 'archives'>): readonly Route[] {
  const mounts = new Mounts(files, places);
  return [
    mountRoute(places, mounts),
    listRoute(mounts),
    downloadRoute(mounts, archives),
    unmountRoute(mounts),
  ];
}

function mountRoute(places: RouteServices['places'], mounts: Mounts): Route {
  return route({
    method: 'POST',
    url: '/api/v1/restore/mount',
    role: 'operator',
    operationId: 'mountBackup',
    tag: 'restore',
    summary: 'Open a backup to browse its files; nothing is restored',
    body: mountBackupSchema,
    answer: mountSchema,
    errors: ['NOT_FOUND', 'CONFLICT', 'QUOTA_EXCEEDED', 'UNSUPPORTED'],
    async handler({ body, principal, scope, signal, noteSubject }) {
      noteSubject({ backup: body.backup_id, repository: body.repository });
      const found = await places.point(scope, body.backup_id, body.repository, { signal });
      noteSubject({ repository: found.repositoryName, machine: found.point.machine });
      if (body.mode === 'mount') throw notMounted();
      const { session } = await mounts.open(principal, found, { signal });
      return {
        mount_id: session.id,
        mount_path: null,
        backup_id: body.backup_id,
        volumes: session.volumes.map(describeVolume),
        findings: describeFindings(session.findings),
      };
    },
  });
}

function listRoute(mounts: Mounts): Route {
  return route({
    method: 'GET',
    url: '/api/v1/restore/:mount_id/files',
    role: 'operator',
    operationId: 'listFiles',
    tag: 'restore',
    summary: 'A page of a folder of a mounted backup, in the order of the folder',
    params: mountParamsSchema,
    query: listFilesSchema,
    answer: fileListSchema,
    audited: true,
    async handler({ params, query, signal, noteSubject, ...caller }) {
      const { path, after, limit } = query;
      noteSubject({ path });
      const mount = await mounts.find(params.mount_id, caller);
      noteSubject(subjectOf(mount));
      const { session } = mount;
      const page = await session.list(path, { from: after, limit }, { signal });
      return {
        entries: page.entries.map(describeEntry),
        next: page.next ?? null,
        volume: page.volume?.id ?? null,
        findings: describeFindings(page.findings),
      };
    },
  });
}

function downloadRoute(mounts: Mounts, archives: Archives): Route {
  return route({
    method: 'GET',
    url: '/api/v1/restore/:mount_id/download',
    role: 'operator',
    operationId: 'downloadFile',
    tag: 'restore',
    summary: 'A file of a mounted backup, or a folder as an archive',
    params: mountParamsSchema,
    query: downloadSchema,
    answer: {
      mediaType: 'application/octet-stream',
      description: 'The whole. What an archive left out, the end of the mount tells.',
    },
    also: { 206: 'The part of a file that the header Range asks for.' },
    errors: ['NOT_FOUND', 'RANGE_INVALID', 'QUOTA_EXCEEDED'],
    audited: true,
    async handler({ params, query, signal, reply, noteSubject, ...caller }) {
      const { path, format } = query;
      noteSubject({ path });
      const mount = await mounts.find(params.mount_id, caller);
      noteSubject(subjectOf(mount));
      const archive: Download['archive'] = (begin) => archives.make(caller.principal, mount, begin);
      return mounts.download(caller.principal, () =>
        download(mount, { path, format, signal, reply, archive }),
      );
    },
  });
}

function unmountRoute(mounts: Mounts): Route {
  return route({
    method: 'DELETE',
    url: '/api/v1/restore/:mount_id',
    role: 'operator',
    operationId: 'unmountBackup',
    tag: 'restore',
    summary: 'Stop browsing a backup',
    params: mountParamsSchema,
    answer: unmountedSchema,
    async handler({ params, noteSubject, ...caller }) {
      const mount = await mounts.end(params.mount_id, caller);
      noteSubject(subjectOf(mount));
      return { mount_id: params.mount_id, findings: describeFindings(mount.told.findings) };
    },
  });
}

function subjectOf({ repositoryName, point }: MountRecord): AuditSubject {
  return { repository: repositoryName, backup: point.id, machine: point.machine };
}

function notMounted(): SendenseError {
  return new SendenseError('UNSUPPORTED', 'a backup cannot be mounted as a folder of the server yet', {
    operation: 'mount-backup',
    remedy: 'use the mode "browse": files are listed and downloaded through this API',
  });
}
