import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { type ByteRange, type Call, checkedInteger, SendenseError } from '@sendense/core';
import { collectBody, MAX_OBJECT_BYTES } from '@sendense/object-repository/remote';
import type { Bucket } from './bucket.ts';
import { headObject } from './head-object.ts';

/** What the time of a whole object is reckoned with before its size is known. */
const USUAL_BYTES = 64 * 2 ** 20;

/** Exactly the bytes of a range or of the whole object, of one version where one is named. */
export async function getObject(
  bucket: Bucket,
  key: string,
  range: ByteRange | undefined,
  call?: Call,
  versionId?: string,
): Promise<Uint8Array> {
  if (range !== undefined) {
    checkedInteger(range.offset, 'offset');
    checkedInteger(range.length, 'length');
    if (range.length === 0) return emptyRange(bucket, key, range.offset, call, versionId);
  }
  const command = new GetObjectCommand({
    ...bucket.object(key),
    ...(range === undefined ? {} : { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` }),
    ...(versionId === undefined ? {} : { VersionId: versionId }),
  });
  const subject = bucket.subject(key);
  return bucket.request(
    { operation: 'get-object', key, bytes: range?.length ?? USUAL_BYTES },
    async (signal) => {
      const output = await bucket.client.send(command, { abortSignal: signal });
      const length = range === undefined ? wholeLength(output, subject) : rangeLength(output, range, subject);
      return collectBody(bodyOf(output, signal), { operation: 'get-object', subject, length });
    },
    call,
  );
}

/** A service cannot be asked for no bytes; whether the place exists is asked for instead. */
async function emptyRange(
  bucket: Bucket,
  key: string,
  offset: number,
  call: Call | undefined,
  versionId: string | undefined,
): Promise<Uint8Array> {
  const status = await headObject(bucket, key, call, versionId);
  const subject = bucket.subject(key);
  if (status === undefined)
    throw new SendenseError('NOT_FOUND', `${subject} does not exist`, { operation: 'get-object' });
  if (offset > status.sizeBytes) throw pastEnd(subject, status.sizeBytes);
  return new Uint8Array();
}

async function* bodyOf({ Body }: GetObjectCommandOutput, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (Body === undefined) return;
  const stream = Body as AsyncIterable<Uint8Array> & { destroy?: (error?: Error) => unknown };
  const stop = (): void => void stream.destroy?.(new Error('stopped'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield* stream;
  } finally {
    signal.removeEventListener('abort', stop);
    stream.destroy?.();
  }
}

function wholeLength({ ContentLength }: GetObjectCommandOutput, subject: string): number {
  if (ContentLength !== undefined && ContentLength <= MAX_OBJECT_BYTES) return ContentLength;
  throw new SendenseError('RANGE_INVALID', `${subject} is too large to be read as a whole`, {
    operation: 'get-object',
    context: { sizeBytes: ContentLength ?? null, maxObjectBytes: MAX_OBJECT_BYTES },
    remedy: 'read it in ranges',
  });
}

function rangeLength({ ContentRange }: GetObjectCommandOutput, range: ByteRange, subject: string): number {
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(ContentRange ?? '') ?? [];
  const sizeBytes = Number(total);
  if (total !== undefined && range.offset + range.length > sizeBytes) throw pastEnd(subject, sizeBytes);
  if (Number(first) === range.offset && Number(last) === range.offset + range.length - 1) return range.length;
  throw new SendenseError(
    'PROTOCOL_VIOLATION',
    `${subject}: the store answered another range than was asked for`,
    {
      operation: 'get-object',
      context: { offset: range.offset, length: range.length },
      remedy: 'use a store that serves ranges',
    },
  );
}

function pastEnd(subject: string, sizeBytes: number): SendenseError {
  return new SendenseError('RANGE_INVALID', `${subject} ends at ${sizeBytes} bytes, before the range does`, {
    operation: 'get-object',
    context: { sizeBytes },
  });
}
