import { downloadSchema, fileListSchema, listFilesSchema, mountParamsSchema } from '@sendense/api';
import type { Archives } from './files/archives.ts';
import { describeEntry, describeFindings } from './files/describe-files.ts';
import { type Download, download } from './files/download.ts';
import { mountRoutes, subjectOf } from './files/mount-routes.ts';
import { Mounts } from './files/mounts.ts';
import { type Route, route } from './route.ts';
import type { RouteServices } from './route-services.ts';

/** Operations on the files of backups: a backup is opened, its folders are listed, files and folders are downloaded. */
export function fileRoutes({
  places,
  files,
  folders,
  archives,
}: Pick<RouteServices, 'places' | 'files' | 'folders' | 'archives'>): readonly Route[] {
  const mounts = new Mounts({ files, folders, places });
  return [...mountRoutes({ places, folders, mounts }), listRoute(mounts), downloadRoute(mounts, archives)];
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
      const mount = await mounts.find(params.mount_id, caller, { signal });
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
      const mount = await mounts.find(params.mount_id, caller, { signal });
      noteSubject(subjectOf(mount));
      const archive: Download['archive'] = (begin) => archives.make(caller.principal, mount, begin);
      return mounts.download(caller.principal, mount, () =>
        download(mount, { path, format, signal, reply, archive }),
      );
    },
  });
}
