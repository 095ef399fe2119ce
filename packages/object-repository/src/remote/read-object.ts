import { type ByteRange, checkedInteger, SendenseError } from '@sendense/core';
import type { ObjectStatus } from '../store/object-store.ts';
import { MAX_OBJECT_BYTES } from './request-options.ts';

const OPERATION = 'get-object';

/** Throws `RANGE_INVALID` unless both ends are safe integers. Tells whether there is anything to ask a service for. */
export function isEmptyRange(range: ByteRange | undefined): boolean {
  if (range === undefined) return false;
  checkedInteger(range.offset, 'offset');
  return checkedInteger(range.length, 'length') === 0;
}

/** No bytes, when the place exists: a service cannot be asked for an empty range. */
export function emptyRange(
  status: ObjectStatus | undefined,
  { offset }: ByteRange,
  subject: string,
): Uint8Array {
  if (status === undefined)
    throw new SendenseError('NOT_FOUND', `${subject} does not exist`, { operation: OPERATION });
  if (offset > status.sizeBytes) throw pastEnd(subject, status.sizeBytes);
  return new Uint8Array();
}

/** What a service says of the body that it begins to send. */
export type AnnouncedBody = {
  readonly contentLength?: number | undefined;
  /** `bytes FIRST-LAST/TOTAL` */
  readonly contentRange?: string | undefined;
};

/** How many bytes must come. Throws `RANGE_INVALID` where the object ends before, `PROTOCOL_VIOLATION` for another range. */
export function expectedLength(
  { contentLength, contentRange }: AnnouncedBody,
  range: ByteRange | undefined,
  subject: string,
): number {
  if (range === undefined) return wholeLength(contentLength, subject);
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(contentRange ?? '') ?? [];
  const end = range.offset + range.length;
  if (total !== undefined && end > Number(total)) throw pastEnd(subject, Number(total));
  if (Number(first) === range.offset && Number(last) === end - 1) return range.length;
  throw new SendenseError(
    'PROTOCOL_VIOLATION',
    `${subject}: the store answered another range than was asked for`,
    {
      operation: OPERATION,
      context: { offset: range.offset, length: range.length },
      remedy: 'use a store that serves ranges',
    },
  );
}

function wholeLength(contentLength: number | undefined, subject: string): number {
  if (contentLength !== undefined && contentLength <= MAX_OBJECT_BYTES) return contentLength;
  throw new SendenseError('RANGE_INVALID', `${subject} is too large to be read as a whole`, {
    operation: OPERATION,
    context: { sizeBytes: contentLength ?? null, maxObjectBytes: MAX_OBJECT_BYTES },
    remedy: 'read it in ranges',
  });
}

function pastEnd(subject: string, sizeBytes: number): SendenseError {
  return new SendenseError('RANGE_INVALID', `${subject} ends at ${sizeBytes} bytes, before the range does`, {
    operation: OPERATION,
    context: { sizeBytes },
  });
}

/** The pieces of a stream of Node; it is given up when the signal fires and when nobody reads on. */
export async function* streamPieces(stream: unknown, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (stream === undefined) return;
  const pieces = stream as AsyncIterable<Uint8Array> & { destroy?: (error?: Error) => unknown };
  const stop = (): void => void pieces.destroy?.(new Error('stopped'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield* pieces;
  } finally {
    signal.removeEventListener('abort', stop);
    pieces.destroy?.();
  }
}
