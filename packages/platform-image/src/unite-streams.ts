import type { ByteRange } from '@sendense/core';

/** Every byte of any of the streams, each ascending: ascending and apart. Looks one range ahead in each. */
export async function* uniteStreams(
  streams: readonly AsyncIterable<ByteRange>[],
): AsyncGenerator<ByteRange, void, undefined> {
  const iterators = streams.map((stream) => stream[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
    let last: ByteRange | undefined;
    for (let at = lowest(heads); at !== undefined; at = lowest(heads)) {
      const { index, range } = at;
      if (last !== undefined && range.offset <= last.offset + last.length) last = joined(last, range);
      else {
        if (last !== undefined) yield last;
        last = range;
      }
      const next = await iterators[index]?.next();
      if (next !== undefined) heads[index] = next;
    }
    if (last !== undefined) yield last;
  } finally {
    for (const iterator of iterators) await iterator.return?.();
  }
}

/** The head that comes first. */
function lowest(
  heads: readonly IteratorResult<ByteRange, unknown>[],
): { readonly index: number; readonly range: ByteRange } | undefined {
  let found: { readonly index: number; readonly range: ByteRange } | undefined;
  for (const [index, head] of heads.entries()) {
    if (head.done === true) continue;
    if (found === undefined || head.value.offset < found.range.offset) found = { index, range: head.value };
  }
  return found;
}

function joined(last: ByteRange, range: ByteRange): ByteRange {
  const end = Math.max(last.offset + last.length, range.offset + range.length);
  return { offset: last.offset, length: end - last.offset };
}
