import type { ApiFinding, FileEntry } from '@sendense/api';
import { SendenseError } from '@sendense/core';
import type { ClientCall } from '../http/client-call.ts';
import type { Connection } from '../http/connection.ts';
import { callOperation } from '../operations/call-operation.ts';
import { OPERATIONS } from '../operations/operations.ts';
import { type DownloadRequest, type OpenedPart, openPart, type PartOfFile } from './open-part.ts';
import { pulledStream } from './pulled-stream.ts';
import { resuming } from './resuming.ts';
import { wholeArchive } from './whole-archive.ts';

/** A folder of a mounted backup. */
export type FolderRequest = { readonly mount_id: string; readonly path?: string; readonly limit?: number };

/** What {@link Files.entries} tells meanwhile. */
export type EntriesCall = ClientCall & {
  /** What was noticed of the folder, e.g. damage. */
  readonly onFinding?: (finding: ApiFinding) => void;
};

/** Which part of a file, e.g. what a download that ended with its process had left; nothing of it for an archive. */
export type DownloadCall = ClientCall & Partial<PartOfFile>;

/** A file, or a part of it, on its way. */
export type FileDownload = {
  /** Of the whole file; `null` of an archive, whose size nobody knows before its end. */
  readonly sizeBytes: number | null;
  /** Names the content, also in another mount of the same backup; `null` of an archive. */
  readonly etag: string | null;
  /** The bytes from `offset` on, as fast as they are read. Cancelling it ends the download. */
  readonly stream: ReadableStream<Uint8Array>;
};

/** Files of mounted backups. */
export class Files {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** All entries of a folder, in its order; pages of `limit` (1000) are fetched as they are read. */
  async *entries(folder: FolderRequest, { onFinding, ...call }: EntriesCall = {}): AsyncGenerator<FileEntry> {
    let after: string | undefined;
    for (;;) {
      const page = await callOperation(
        this.#connection,
        'listFiles',
        OPERATIONS.listFiles,
        { ...folder, after },
        call,
      );
      for (const finding of page.findings) onFinding?.(finding);
      yield* page.entries;
      if (page.next === null) return;
      if (page.next === after) throw endless();
      after = page.next;
    }
  }

  /**
   * A file, or a part of it. A connection that breaks off is taken up behind the last byte that came. With `offset` and the `etag` of an
   * earlier download it goes on with that one: `CONFLICT` when the file is another.
   */
  download(file: Omit<DownloadRequest, 'format'>, call: DownloadCall = {}): Promise<FileDownload> {
    return this.#open(file, call);
  }

  /**
   * A folder, or a file, as an archive; `tar` by default. It is made while it is read, so one that breaks off has to begin anew: its stream
   * rejects with `CONNECTION_LOST`, also where a proxy ends it well. What it had to leave out is told when the mount is ended, by
   * `unmountBackup`.
   */
  archive({ format = 'tar', ...file }: DownloadRequest, call: ClientCall = {}): Promise<FileDownload> {
    return this.#open({ ...file, format }, call);
  }

  async #open(
    request: DownloadRequest,
    { signal, timeoutMs, offset, length, etag }: DownloadCall,
  ): Promise<FileDownload> {
    if (request.format !== undefined && (offset ?? length ?? etag) !== undefined) throw partOfArchive();
    const stop = new AbortController();
    const joined = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
    const call = { signal: joined, timeoutMs };
    const first = await openPart(this.#connection, request, { offset: offset ?? 0, length, etag }, call);
    const pieces = resuming(this.#connection, request, first, call);
    const format = formatOf(request, first);
    const whole = format === undefined ? pieces : wholeArchive(pieces, format);
    const stream = pulledStream(whole, () => stop.abort());
    return { sizeBytes: first.sizeBytes, etag: first.etag, stream };
  }
}

/** `undefined`: a file as it is, of which a server tells length and tag. */
function formatOf({ format }: DownloadRequest, { etag, sizeBytes }: OpenedPart): 'tar' | 'zip' | undefined {
  return format ?? (etag === null && sizeBytes === null ? 'tar' : undefined);
}

function partOfArchive(): SendenseError {
  return new SendenseError('CONFIG_INVALID', 'an archive is made anew each time: there are no parts of it', {
    operation: 'downloadFile',
    remedy: 'download it whole, without offset, length and etag',
  });
}

function endless(): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', 'the pages of the folder have no end', {
    operation: 'listFiles',
  });
}
