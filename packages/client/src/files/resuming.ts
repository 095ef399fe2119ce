import { SendenseError } from '@sendense/core';
import type { ClientCall } from '../http/client-call.ts';
import type { Connection } from '../http/connection.ts';
import { Persistence } from '../http/persistence.ts';
import { readPieces } from '../http/read-pieces.ts';
import { type DownloadRequest, type OpenedPart, openPart } from './open-part.ts';

/**
 * The bytes of a part, over as many connections as it takes: each goes on behind the last byte that came, of the same file. Rejects with
 * `CONFLICT` when the file is another one by then, `NOT_FOUND` when the mount has ended.
 */
export async function* resuming(
  connection: Connection,
  request: DownloadRequest,
  first: OpenedPart,
  call: ClientCall,
): AsyncGenerator<Uint8Array> {
  const persistence = new Persistence(connection.reconnect, 'downloadFile', call.signal);
  const { end, etag } = first;
  let at = first.offset;
  let part: OpenedPart | undefined = first;
  for (;;)
    try {
      part ??= await openPart(connection, request, restOf(at, end, etag), call);
      for await (const piece of readPieces(part.response, part.attempt)) {
        persistence.succeeded();
        at += piece.length;
        if (end !== null && at > end) throw tooLong();
        yield piece;
      }
      if (end === null || at === end) return;
      throw endedEarly();
    } catch (error) {
      if (at === end) return; // all came before it broke off
      // an archive is made anew each time, and what has no tag cannot be known again
      if (end === null || etag === null) throw error;
      await persistence.afterFailure(error);
      part = undefined;
    }
}

function restOf(offset: number, end: number | null, etag: string | null) {
  return { offset, length: end === null ? undefined : end - offset, etag: etag ?? undefined };
}

function endedEarly(): SendenseError {
  return new SendenseError('CONNECTION_LOST', 'the file ended before its length', {
    operation: 'downloadFile',
  });
}

function tooLong(): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', 'the file goes on behind its length', {
    operation: 'downloadFile',
  });
}
