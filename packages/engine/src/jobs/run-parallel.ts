import PQueue from 'p-queue';

/**
 * Runs `task` on each item, `concurrency` at a time, and resolves with the results in order. The first failure aborts the
 * signal of the others; it is thrown when none of them is under way any more.
 */
export async function runParallel<Item, Result>(
  items: readonly Item[],
  options: { readonly concurrency: number; readonly signal: AbortSignal },
  task: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const queue = new PQueue({ concurrency: Math.max(1, options.concurrency) });
  let failure: { readonly error: unknown } | undefined;
  const results: Result[] = [];
  const one = async (item: Item, index: number): Promise<void> => {
    if (failure !== undefined) return;
    try {
      results[index] = await task(item, signal);
    } catch (error) {
      failure ??= { error };
      stop.abort(error);
    }
  };
  await Promise.all(items.map((item, index) => queue.add(() => one(item, index))));
  if (failure !== undefined) throw failure.error;
  return results;
}
