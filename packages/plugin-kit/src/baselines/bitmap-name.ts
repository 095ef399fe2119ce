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

const NAME = /^sendense\.([\w-]+)\.([\w-]+)\.(\d{1,15})$/;

/** The characters of ids that would blur the parts, and `:`, which libvirt refuses: `_` and two hexadecimal digits. */
function escapeId(id: string): string {
  return id.replace(/[^A-Za-z0-9-]/g, (sign) => `_${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function unescapeId(text: string): string {
  return text.replace(/_([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * The name of the baseline of `capture`: the capture's id, its stream, and the time in milliseconds. Every source names
 * its bitmaps so, and knows those of the others. It is made of what libvirt allows in the name of a checkpoint, whose
 * bitmaps bear that name: letters, digits, `_`, `-` and `.`.
 */
export function serializeBitmapName({ capture, stream, at }: Omit<BitmapName, 'name'>): string {
  return `sendense.${escapeId(capture)}.${escapeId(stream)}.${at.getTime()}`;
}

/** What one of our names says; `undefined` for a bitmap of somebody else. */
export function parseBitmapName(name: string): BitmapName | undefined {
  const [, capture, stream, at] = NAME.exec(name) ?? [];
  if (capture === undefined || stream === undefined) return undefined;
  try {
    const made = {
      capture: captureId(unescapeId(capture)),
      stream: streamId(unescapeId(stream)),
      at: new Date(Number(at)),
      name,
    };
    return serializeBitmapName(made) === name ? made : undefined;
  } catch {
    return undefined;
  }
}
