export type { ClientOptions } from './client-options.ts';
export { createClient, type SendenseClient, type StreamMethods } from './create-client.ts';
export type {
  DownloadCall,
  EntriesCall,
  FileDownload,
  Files,
  FolderRequest,
} from './files/files.ts';
export type { DownloadRequest, PartOfFile } from './files/open-part.ts';
export type { ClientCall } from './http/client-call.ts';
export type { Fetch, FetchInit } from './http/fetch.ts';
export type { JobEvent } from './jobs/job-event.ts';
export type { CompletedJob, EventsCall, Jobs, WaitCall } from './jobs/jobs.ts';
export type { NoFields, OperationMethods } from './operations/operation-methods.ts';
export { OPERATIONS } from './operations/operations.ts';
