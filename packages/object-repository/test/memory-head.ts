import type { TrustedHead } from '../src/head/trusted-head.ts';
import type { Interceptor } from './memory-store.ts';

/** What one client keeps: by repository its head. */
export type KeptHeads = Map<string, string>;

/** A head in memory that processes of one client share. */
export function createMemoryHead(
  kept: KeptHeads,
  intercept: Interceptor = async (_, run) => run(),
): TrustedHead {
  return {
    locate: (repository) => `memory of ${repository}`,
    async load(repository) {
      let head: string | undefined;
      await intercept({ kind: 'get', key: 'head' }, () => {
        head = kept.get(repository);
      });
      return head;
    },
    save: (repository, head) =>
      intercept({ kind: 'put', key: 'head' }, () => {
        kept.set(repository, head);
      }),
  };
}
