import { type Call, type Random, SendenseError } from '@sendense/core';
import { type Limited, limitConcurrency, type Timer, withRetry } from '@sendense/plugin-kit';
import { mapFileStatus } from '../map-error.ts';
import type { FileRange, VimClient } from '../session/vim-client.ts';
import { type DatastorePath, formatDatastorePath } from './datastore-path.ts';
import { datastoreUrl } from './datastore-url.ts';

/** A file of a datastore as its server finds it. */
export type DatastoreFile = DatastorePath & {
  /** The way to the datacenter, `FOLDER/DC`; empty where a host has none. */
  readonly datacenter: string;
};

/** How files are read. */
export type DatastoreFilesOptions = {
  /** The most reads at once; hosts have few buffers for them. Default 8. */
  readonly maxReads?: number;
  /** Tries of one read; hosts drop long connections. Default 5. */
  readonly attempts?: number;
  readonly timer?: Timer;
  readonly random?: Pick<Random, 'bytes'>;
  /** Told before a read is repeated. */
  readonly onRetry?: (error: SendenseError) => void;
};

/** Reads files of datastores over the session of a client. */
export interface DatastoreFiles {
  /**
   * Fills `into` from `offset` on. A read that is cut or refused for now is repeated. Rejects with `NOT_FOUND`, `PERMISSION_DENIED`,
   * `CORRUPT` when the file ends before, `CONNECTION_LOST` after several attempts.
   */
  read(file: DatastoreFile, offset: number, into: Uint8Array, call?: Call): Promise<void>;
  /** Size in bytes. Rejects as `read` does. */
  size(file: DatastoreFile, call?: Call): Promise<number>;
}

/** What gives parts of files: a session, or a host. */
export type RangeGiver = Pick<VimClient, 'host' | 'fetchRange'>;

/** Files of the datastores that `client` reaches. */
export function createDatastoreFiles(
  client: RangeGiver,
  options: DatastoreFilesOptions = {},
): DatastoreFiles {
  const { maxReads = 8, attempts = 5, timer, random, onRetry } = options;
  const limited: Limited = limitConcurrency(maxReads);
  const retry = {
    attempts,
    baseDelayMs: 500,
    ...(timer === undefined ? {} : { timer }),
    ...(random === undefined ? {} : { random }),
    ...(onRetry === undefined ? {} : { onRetry }),
  };
  /** One part, repeated until the server has given it whole; `undefined` where the file ends before. */
  const fetch = (range: FileRange, call?: Call): Promise<number | undefined> =>
    withRetry(() => limited(() => fetchOnce(client, range, call), call?.signal), {
      ...retry,
      ...(call?.signal === undefined ? {} : { signal: call.signal }),
    });
  return {
    async read(file, offset, into, call) {
      if (into.byteLength > 0) await fetch(rangeOf(file, offset, into), call);
    },
    async size(file, call) {
      const range = rangeOf(file, 0, new Uint8Array(1));
      const size = await fetch(range, call);
      if (size !== undefined) return size;
      throw new SendenseError(
        'PROTOCOL_VIOLATION',
        `${client.host} does not tell the size of ${range.name}`,
        {
          operation: 'read-datastore-file',
          context: { file: range.name },
          remedy: 'check that no proxy changes the answers of the server',
        },
      );
    },
  };
}

async function fetchOnce(client: RangeGiver, range: FileRange, call?: Call): Promise<number | undefined> {
  const { status, fileBytes, retryAfterMs } = await client.fetchRange(range, call);
  if (status === 206) return fileBytes;
  // what is asked of an empty file lies behind its end
  if (status === 416 && fileBytes === 0 && range.offset === 0 && range.into.byteLength === 1) return 0;
  throw mapFileStatus(status, { host: client.host, file: range.name, retryAfterMs });
}

function rangeOf(file: DatastoreFile, offset: number, into: Uint8Array): FileRange {
  return { path: datastoreUrl(file), name: formatDatastorePath(file), offset, into };
}
