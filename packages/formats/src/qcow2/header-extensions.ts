import { EXTENSION } from './constants.ts';
import { invalid } from './format-error.ts';

/** A header extension as it is stored: type and payload. */
export type HeaderExtension = { readonly type: number; readonly data: Uint8Array };

/**
 * The extensions in `cluster`, the first bytes of a file, between `from` and `end`. Throws `FORMAT_INVALID` when one
 * reaches past `end`. A missing end marker is taken as the end, as QEMU does.
 */
export function parseHeaderExtensions(cluster: Uint8Array, from: number, end: number): HeaderExtension[] {
  const view = new DataView(cluster.buffer, cluster.byteOffset, cluster.byteLength);
  const limit = Math.min(end, cluster.byteLength);
  const extensions: HeaderExtension[] = [];
  for (let at = from; at + 8 <= limit; ) {
    const type = view.getUint32(at);
    if (type === EXTENSION.end) break;
    const length = view.getUint32(at + 4);
    if (at + 8 + length > limit) throw invalid('a header extension reaches past the header');
    extensions.push({ type, data: cluster.slice(at + 8, at + 8 + length) });
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return extensions;
}

/** The bytes of `extensions` with the end marker; the inverse of {@link parseHeaderExtensions}. */
export function serializeHeaderExtensions(extensions: readonly HeaderExtension[]): Uint8Array {
  const parts = extensions.map(({ type, data }) => {
    const part = new Uint8Array(8 + Math.ceil(data.byteLength / 8) * 8);
    const view = new DataView(part.buffer);
    view.setUint32(0, type);
    view.setUint32(4, data.byteLength);
    part.set(data, 8);
    return part;
  });
  return new Uint8Array(Buffer.concat([...parts, new Uint8Array(8)]));
}

/** The text of the first extension of `type`, or `undefined`. */
export function extensionText(extensions: readonly HeaderExtension[], type: number): string | undefined {
  const found = extensions.find((extension) => extension.type === type);
  return found === undefined ? undefined : new TextDecoder().decode(found.data);
}
