import type { Download } from '@sendense/api';
import { SendenseError } from '@sendense/core';
import { z } from 'zod';
import type { ClientCall } from '../http/client-call.ts';
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

/** What a part may be. A tag is one of a header: visible characters. */
const partSchema = z.object({
  offset: z.int().nonnegative(),
  length: z.int().positive().optional(),
  etag: z
    .string()
    .regex(/^[\x21-\x7e]+$/u)
    .optional(),
});

/**
 * Begins a download. Rejects with `CONFLICT` when the file is not the one of `etag`, `RANGE_INVALID` for a part behind its end,
 * `PROTOCOL_VIOLATION` for bytes that are not those that were asked for.
 */
export async function openPart(
  connection: Connection,
  request: DownloadRequest,
  part: PartOfFile,
  call?: ClientCall,
): Promise<OpenedPart> {
  checkPart(part);
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

function checkPart(part: PartOfFile): void {
  const { error } = partSchema.safeParse(part);
  if (error === undefined) return;
  const [issue] = error.issues;
  throw new SendenseError('CONFIG_INVALID', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}`, {
    operation: 'downloadFile',
  });
}

function rangeHeaders({ offset, length, etag }: PartOfFile): Record<string, string> {
  const last = length === undefined ? '' : offset + length - 1;
  return { range: `bytes=${offset}-${last}`, ...(etag !== undefined && { 'if-range': etag }) };
}

/** Where the bytes of an answer lie in the file. What stands between may have left out `If-Range` or `Range`, or answer by itself. */
function placeOf(
  { status, headers }: Response,
  part: PartOfFile,
  isWhole: boolean,
): Omit<OpenedPart, keyof HttpReply> {
  checkForm(headers);
  const etag = headers.get('etag');
  if (part.etag !== undefined && etag !== part.etag) throw changed();
  if (status === 206) return { ...rangeOf(headers, part), etag };
  if (status !== 200) throw strange(`its status is ${status}`);
  if (!isWhole) throw strange('the whole file came instead of a part');
  const length = headers.get('content-length');
  if (length !== null && !/^\d{1,15}$/u.test(length)) throw strange('its length is no number');
  const sizeBytes = length === null ? null : Number(length);
  return { offset: 0, end: sizeBytes, sizeBytes, etag };
}

/** Throws for what is no file as it is: a page of a proxy, or bytes that were packed on their way. */
function checkForm(headers: Headers): void {
  const [type = ''] = (headers.get('content-type') ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/octet-stream') throw strange('its content is no file');
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding.trim().toLowerCase() !== 'identity') throw strange('its content is encoded');
}

/** The part that came: all that was asked for, as far as the file goes. */
function rangeOf(
  headers: Headers,
  { offset, length = Number.POSITIVE_INFINITY }: PartOfFile,
): Pick<OpenedPart, 'offset' | 'end' | 'sizeBytes'> {
  const [, first, last, size] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/u.exec(headers.get('content-range') ?? '') ?? [];
  const end = Number(last) + 1;
  const sizeBytes = Number(size);
  if (Number(first) !== offset || end <= offset || end !== Math.min(offset + length, sizeBytes))
    throw strange('the part is not the one that was asked for');
  return { offset, end, sizeBytes };
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
