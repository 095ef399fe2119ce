import { type CaptureId, captureId, type StreamId, streamId } from '@sendense/core';

/** What the name of one of our dirty bitmaps says. */
export type BitmapName = {
  readonly capture: CaptureId;
  readonly stream: StreamId;
  /** When the baseline was made. */
  readonly at: Date;
  /** The whole name. */
  readonly name: string;
};

/** `~` is in no id, so the parts cannot run together. */
const NAME = /^sendense~([^~]+)~([^~]+)~(\d{1,15})$/;

/**
 * The name of the baseline of `capture`: the capture's id, its stream, and the time in milliseconds. Every source names
 * its bitmaps so, and knows those of the others.
 */
export function serializeBitmapName({ capture, stream, at }: Omit<BitmapName, 'name'>): string {
  return `sendense~${capture}~${stream}~${at.getTime()}`;
}

/** What one of our names says; `undefined` for a bitmap of somebody else. */
export function parseBitmapName(name: string): BitmapName | undefined {
  const [, capture, stream, at] = NAME.exec(name) ?? [];
  if (capture === undefined || stream === undefined) return undefined;
  try {
    return { capture: captureId(capture), stream: streamId(stream), at: new Date(Number(at)), name };
  } catch {
    return undefined;
  }
}
