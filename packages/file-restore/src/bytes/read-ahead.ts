/**
 * The results of reads in their order, `most` of them under way. Whoever stops early, or meets a read that rejects, waits for those that
 * were begun.
 */
export async function* readAhead<T>(
  reads: AsyncIterable<() => Promise<T>>,
  most: number,
): AsyncGenerator<T, void, undefined> {
  const ahead: Promise<T>[] = [];
  try {
    for await (const read of reads) {
      const result = read();
      result.catch(() => undefined); // awaited below, in its turn
      ahead.push(result);
      if (ahead.length >= most) yield* first(ahead);
    }
    while (ahead.length > 0) yield* first(ahead);
  } finally {
    await Promise.allSettled(ahead);
  }
}

async function* first<T>(ahead: Promise<T>[]): AsyncGenerator<T, void, undefined> {
  const result = ahead.shift();
  if (result !== undefined) yield await result;
}
