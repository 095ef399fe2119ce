import { amendError, SendenseError } from '@sendense/core';

/** What the bytes of a file can be blamed for. */
const OF_THE_IMAGE: ReadonlySet<string> = new Set(['FORMAT_INVALID', 'FORMAT_UNSUPPORTED', 'CORRUPT']);

/** What can always be done about an image that is not read here. */
const CONVERT = 'convert the image with "qemu-img convert", or take another copy of it';

/** `error` with the file it is about, unless it names one: of all files of a chain, the user must know which. */
export function nameImage(error: unknown, path: string): unknown {
  if (!SendenseError.is(error) || !OF_THE_IMAGE.has(error.code) || 'path' in error.context) return error;
  const { message, remedy = CONVERT } = error;
  return amendError(error, { message: `${path}: ${message}`, remedy, context: { path } });
}

/** Does `work` on the bytes of the image at `path`; what they are blamed for names it. */
export async function inImage<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw nameImage(error, path);
  }
}

/** The items of `items`, read from the image at `path`; see {@link inImage}. */
export async function* eachInImage<T>(path: string, items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw nameImage(error, path);
  }
}
