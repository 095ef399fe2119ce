/**
 * The items of `source`, asked for up to `depth` ahead of the reader of the result. Order is kept; an error comes in
 * its place; `source` is closed when the reader stops early.
 */
export async function* readAhead<T>(
  source: AsyncIterable<T>,
  depth: number,
): AsyncGenerator<T, void, undefined> {
  const items = source[Symbol.asyncIterator]();
  const ahead: Promise<IteratorResult<T, unknown>>[] = [];
  let last: Promise<unknown> = Promise.resolve();
  let ended = false;
  const ask = (): void => {
    // One `next` at a time: not every iterator is a generator that queues them.
    const item = last.then(async () => {
      if (ended) return { done: true as const, value: undefined };
      const result = await items.next();
      ended ||= result.done === true;
      return result;
    });
    item.catch(() => undefined);
    last = item;
    ahead.push(item);
  };
  try {
    for (let count = 0; count < Math.max(1, depth); count += 1) ask();
    for (;;) {
      const item = await ahead.shift();
      if (item === undefined || item.done === true) return;
      ask();
      yield item.value;
    }
  } finally {
    const open = !ended;
    ended = true;
    await Promise.allSettled(ahead);
    if (open) await items.return?.();
  }
}
