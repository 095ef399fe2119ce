import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { ByteRange, Call } from '@sendense/core';
import {
  collectBody,
  emptyRange,
  expectedLength,
  isEmptyRange,
  streamPieces,
} from '@sendense/object-repository/remote';
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
  const subject = bucket.subject(key);
  if (range !== undefined && isEmptyRange(range))
    return emptyRange(await headObject(bucket, key, call, versionId), range, subject);
  const command = new GetObjectCommand({
    ...bucket.object(key),
    ...(range === undefined ? {} : { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` }),
    ...(versionId === undefined ? {} : { VersionId: versionId }),
  });
  const request = { operation: 'get-object', key, bytes: range?.length ?? USUAL_BYTES };
  const receive = async (signal: AbortSignal) => {
    const output = await bucket.client.send(command, { abortSignal: signal });
    const { ContentLength: contentLength, ContentRange: contentRange, Body } = output;
    const length = expectedLength({ contentLength, contentRange }, range, subject);
    return collectBody(streamPieces(Body, signal), { operation: 'get-object', subject, length });
  };
  return bucket.request(request, receive, call);
}
