import type { Download } from '@sendense/api';
import { type Call, SendenseError } from '@sendense/core';
import type { Connection, HttpReply } from '../http/connection.ts';
import { STREAM_OPERATIONS } from '../operations/stream-operations.ts';
import { writeRequest } from '../operations/write-request.ts';

/** Which file of which mount; with `format` as an archive. */
export type DownloadRequest = Download & { readonly mount_id: string };

/** Which bytes of a file. */
export type PartOfFile = {
  readonly offset: number;
  /** Default: to its end. */
  readonly length?: number | undefined;
  /** Of the file that it has to be a part of. */
  readonly etag?: string | undefined;
};

/** A part of a file that the server has begun to send. */
export type OpenedPart = HttpReply & {
  readonly offset: number;
  /** First byte behind the part; `null` of an archive, whose size nobody knows before its end. */
  readonly end: number | null;
  /** Of the whole file. */
  readonly sizeBytes: number | null;
  readonly etag: string | null;
};

/** Begins a download. Rejects with `CONFLICT` when the file is not the one of `etag`, `RANGE_INVALID` for a part behind its end. */
export async function openPart(
  connection: Connection,
  request: DownloadRequest,
  part: PartOfFile,
  call?: Call,
): Promise<OpenedPart> {
  const isWhole = part.offset === 0 && part.length === undefined;
  const headers = isWhole ? {} : rangeHeaders(part);
  const written = writeRequest('downloadFile', STREAM_OPERATIONS.downloadFile, request);
  const reply = await connection.open({ ...written, headers }, call);
  try {
    return { ...reply, ...placeOf(reply.response, part, isWhole) };
  } catch (error) {
    await reply.response.body?.cancel();
    throw error;
  }
}

function rangeHeaders({ offset, length, etag }: PartOfFile): Record<string, string> {
  const last = length === undefined ? '' : offset + length - 1;
  return { range: `bytes=${offset}-${last}`, ...(etag !== undefined && { 'if-range': etag }) };
}

function placeOf(
  { status, headers }: Response,
  { offset, etag: wanted }: PartOfFile,
  isWhole: boolean,
): Omit<OpenedPart, keyof HttpReply> {
  const etag = headers.get('etag');
  if (status === 206) {
    const [, first, last, size] =
      /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/u.exec(headers.get('content-range') ?? '') ?? [];
    if (Number(first) !== offset) throw strange('the part is not the one that was asked for');
    return { offset, end: Number(last) + 1, sizeBytes: Number(size), etag };
  }
  if (!isWhole && wanted !== undefined && etag !== wanted) throw changed();
  if (!isWhole) throw strange('the whole file came instead of a part');
  const length = headers.get('content-length');
  const sizeBytes = length === null ? null : Number(length);
  return { offset: 0, end: sizeBytes, sizeBytes, etag };
}

function changed(): SendenseError {
  return new SendenseError('CONFLICT', 'the file is not the one that the download began with', {
    operation: 'downloadFile',
    remedy: 'download it from its beginning',
  });
}

function strange(why: string): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `the answer is not one of downloadFile: ${why}`, {
    operation: 'downloadFile',
  });
}
