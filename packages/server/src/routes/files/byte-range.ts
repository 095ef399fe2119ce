import { type ByteRange, SendenseError } from '@sendense/core';

const MOST_DIGITS = 15;

/**
 * The part of a file that a `Range` header asks for (RFC 9110, 14.2); `undefined` where the whole is to be sent: without a
 * header, for several parts, and for what is no range of bytes, which is ignored. Throws `RANGE_INVALID` for a part that lies
 * behind the end.
 */
export function requestedRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const [, first, last] = /^bytes=\s*(\d*)-(\d*)\s*$/iu.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  const from = position(first);
  const to = position(last);
  if (first === '') {
    const length = Math.min(to, sizeBytes);
    if (length === 0) throw outside(sizeBytes);
    return { offset: sizeBytes - length, length };
  }
  if (last !== '' && to < from) return undefined;
  if (from >= sizeBytes) throw outside(sizeBytes);
  const end = last === '' ? sizeBytes : Math.min(to + 1, sizeBytes);
  return { offset: from, length: end - from };
}

/** More digits than any file has bytes stand for its end. */
function position(digits: string): number {
  const plain = digits.replace(/^0+/u, '');
  return plain.length > MOST_DIGITS ? Number.MAX_SAFE_INTEGER - 1 : Number(plain);
}

function outside(sizeBytes: number): SendenseError {
  return new SendenseError(
    'RANGE_INVALID',
    `the range lies behind the end: the file has ${sizeBytes} bytes`,
    {
      operation: 'download-file',
      remedy: 'ask for less, or for the whole file',
    },
  );
}
