/** A store far away: each request is answered after a time, many at once as after one. */
import type { ObjectStore } from '@sendense/object-repository';

/** What one answer to a listing holds, as in S3. */
const LISTED_AT_ONCE = 1000;

/** `inner` with `delay` before each request that it gets; a listing is a request for each thousand objects. */
export function slowStore(inner: ObjectStore, delay: () => Promise<void>): ObjectStore {
  return {
    location: inner.location,
    capabilities: inner.capabilities,
    put: async (...given) => delay().then(() => inner.put(...given)),
    get: async (...given) => delay().then(() => inner.get(...given)),
    head: async (...given) => delay().then(() => inner.head(...given)),
    delete: async (...given) => delay().then(() => inner.delete(...given)),
    retain: async (...given) => delay().then(() => inner.retain(...given)),
    async *list(...given) {
      await delay();
      let listed = 0;
      for await (const object of inner.list(...given)) {
        yield object;
        listed += 1;
        if (listed % LISTED_AT_ONCE === 0) await delay();
      }
    },
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}
