import { type CaptureId, captureId, type StreamId, streamId } from '@sendense/core';

/** What the name of one of our bitmaps says. */
export type BitmapName = {
  readonly capture: CaptureId;
  readonly stream: StreamId;
  /** When the baseline was made. */
  readonly at: Date;
};

/** `~` is in no id, so the parts cannot run together. */
const NAME = /^sendense~([^~]+)~([^~]+)~(\d{1,15})$/;

/** The name of the baseline of `capture`: the capture's id, its stream, and the time in milliseconds. */
export function serializeBitmapName({ capture, stream, at }: BitmapName): string {
  return `sendense~${capture}~${stream}~${at.getTime()}`;
}

/** What one of our names says; `undefined` for a bitmap of somebody else. */
export function parseBitmapName(name: string): BitmapName | undefined {
  const [, capture, stream, at] = NAME.exec(name) ?? [];
  if (capture === undefined || stream === undefined) return undefined;
  try {
    return { capture: captureId(capture), stream: streamId(stream), at: new Date(Number(at)) };
  } catch {
    return undefined;
  }
}
