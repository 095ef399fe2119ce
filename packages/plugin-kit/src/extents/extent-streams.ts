import type { ByteRange, Extent, ExtentKind } from '@sendense/core';

/** Ascending extents with touching ones of one kind joined. Looks one extent ahead. */
export async function* mergeExtents(extents: AsyncIterable<Extent>): AsyncGenerator<Extent, void, undefined> {
  let last: { offset: number; length: number; kind: ExtentKind } | undefined;
  for await (const { offset, length, kind } of extents) {
    if (length === 0) continue;
    if (last !== undefined && last.kind === kind && last.offset + last.length === offset) {
      last.length += length;
      continue;
    }
    if (last !== undefined) yield last;
    last = { offset, length, kind };
  }
  if (last !== undefined) yield last;
}

/** The parts of ascending extents that lie inside `window`; stops reading behind it. */
export async function* clipExtents(
  extents: AsyncIterable<Extent>,
  window: ByteRange,
): AsyncGenerator<Extent, void, undefined> {
  const end = window.offset + window.length;
  for await (const extent of extents) {
    const from = Math.max(window.offset, extent.offset);
    const to = Math.min(end, extent.offset + extent.length);
    if (to > from) yield { offset: from, length: to - from, kind: extent.kind };
    if (extent.offset + extent.length >= end) return;
  }
}

/** Covers `window` exactly: the extents inside it, and `kind` wherever they leave a gap. */
export async function* coverGaps(
  extents: AsyncIterable<Extent>,
  window: ByteRange,
  kind: ExtentKind,
): AsyncGenerator<Extent, void, undefined> {
  const end = window.offset + window.length;
  let position = window.offset;
  for await (const extent of clipExtents(extents, window)) {
    if (extent.offset > position) yield { offset: position, length: extent.offset - position, kind };
    yield extent;
    position = extent.offset + extent.length;
  }
  if (position < end) yield { offset: position, length: end - position, kind };
}
