import type { ClientOptions } from './client-options.ts';
import { type DownloadCall, type FileDownload, Files } from './files/files.ts';
import type { DownloadRequest } from './files/open-part.ts';
import type { ClientCall } from './http/client-call.ts';
import { Connection } from './http/connection.ts';
import type { JobEvent } from './jobs/job-event.ts';
import { type EventsCall, Jobs } from './jobs/jobs.ts';
import { type NoFields, type OperationMethods, operationMethods } from './operations/operation-methods.ts';
import { STREAM_OPERATIONS } from './operations/stream-operations.ts';
import { writeRequest } from './operations/write-request.ts';

/** The operations that answer streams or text, by their `operationId`. */
export type StreamMethods = {
  /** The same as `jobs.events`. Role viewer. */
  followJob(request: { readonly job_id: string }, call?: EventsCall): AsyncIterable<JobEvent>;
  /** A file as it is, a part of it, or an archive: see `files.download` and `files.archive`. Role operator. */
  downloadFile(request: DownloadRequest, call?: DownloadCall): Promise<FileDownload>;
  /** Figures of the server as OpenMetrics text. Role viewer, of all tenants. */
  readMetrics(request?: NoFields, call?: ClientCall): Promise<string>;
};

/**
 * A client of one server, as one caller. Every method rejects with a `SendenseError`: what the server refuses has the server's code, message,
 * remedy and retry advice; besides there are `CONNECTION_LOST`, `TIMEOUT`, `UNTRUSTED_PEER`, `ABORTED` by the call's signal,
 * `CONFIG_INVALID` for a request that no server takes, and `PROTOCOL_VIOLATION` for an answer that no server gives. Of a call that
 * changes something `effect: 'unknown'` says that it may have happened all the same.
 */
export type SendenseClient = OperationMethods &
  StreamMethods & {
    readonly jobs: Jobs;
    readonly files: Files;
  };

/** Makes a client; nothing is sent yet. Throws `CONFIG_INVALID` for wrong options. */
export function createClient(options: ClientOptions): SendenseClient {
  const connection = new Connection(options);
  const jobs = new Jobs(connection);
  const files = new Files(connection);
  const metrics = writeRequest('readMetrics', STREAM_OPERATIONS.readMetrics, {});
  return {
    ...operationMethods(connection),
    jobs,
    files,
    followJob: ({ job_id: id }, call) => jobs.events(id, call),
    downloadFile: (request, call) =>
      request.format === undefined ? files.download(request, call) : files.archive(request, call),
    readMetrics: (_request, call) => connection.text(metrics, call),
  };
}
