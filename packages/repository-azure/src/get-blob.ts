import { createHash } from 'node:crypto';
import { type ByteRange, type Call, SendenseError } from '@sendense/core';
import {
  collectBody,
  emptyRange,
  expectedLength,
  isEmptyRange,
  streamPieces,
} from '@sendense/object-repository/remote';
import type { Container } from './container.ts';
import { headBlob } from './head-blob.ts';

/** What the time of a whole object is reckoned with before its size is known. */
const USUAL_BYTES = 64 * 2 ** 20;
/** The largest range of which the service sends a checksum. */
const MAX_CHECKED_RANGE = 4 * 2 ** 20;

const OPERATION = 'get-object';

/** Exactly the bytes of a range or of the whole blob; compared with the service's checksum where it has one. */
export async function getBlob(
  container: Container,
  key: string,
  range: ByteRange | undefined,
  call?: Call,
): Promise<Uint8Array> {
  const subject = container.subject(key);
  const blob = container.blob(key);
  if (range !== undefined && isEmptyRange(range))
    return emptyRange(await headBlob(container, key, call), range, subject);
  const receive = async (abortSignal: AbortSignal) => {
    const rangeGetContentMD5 = range !== undefined && range.length <= MAX_CHECKED_RANGE;
    const options = {
      abortSignal,
      maxRetryRequests: 0,
      ...(rangeGetContentMD5 ? { rangeGetContentMD5 } : {}),
    };
    const answer = await blob.download(range?.offset, range?.length, options);
    const { contentLength, contentRange, contentMD5, readableStreamBody } = answer;
    const length = expectedLength({ contentLength, contentRange }, range, subject);
    const bytes = await collectBody(streamPieces(readableStreamBody, abortSignal), {
      operation: OPERATION,
      subject,
      length,
    });
    const isOfThese = range === undefined || rangeGetContentMD5;
    if (contentMD5 !== undefined && isOfThese && Buffer.compare(md5(bytes), contentMD5) !== 0)
      throw damaged(subject);
    return bytes;
  };
  return container.request({ operation: OPERATION, key, bytes: range?.length ?? USUAL_BYTES }, receive, call);
}

/** The checksum that the service knows; it guards the way, nothing else. */
export function md5(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}

function damaged(subject: string): SendenseError {
  return new SendenseError('CORRUPT', `${subject} was damaged on its way: its checksum does not match`, {
    operation: OPERATION,
    retry: 'later',
    remedy: 'check the network and memory of this machine',
  });
}
