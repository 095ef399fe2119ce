import { SendenseError } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { describe, expect, it } from 'vitest';
import { createObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, type Interceptor, noObjects } from './memory-store.ts';
import { CHUNK_BYTES, draftOf, expectSample, type SamplePoint, sampleId, writeDisk } from './sample-disk.ts';

const full: SamplePoint = { stream: 's', sequence: 1, disk: [1, 2, 3, 0] };
const increment: SamplePoint = {
  stream: 's',
  sequence: 2,
  disk: [1, 4, 3, 5],
  base: { id: sampleId(full), disk: full.disk },
};

/** Does every operation, but says of the first of a kind on a key that begins so that nobody knows. */
function failOnce(kind: string, prefix: string): Interceptor {
  let isFailed = false;
  return async (operation, run) => {
    run();
    if (isFailed || operation.kind !== kind || !operation.key.startsWith(prefix)) return;
    isFailed = true;
    throw new SendenseError('CONNECTION_LOST', 'the answer was lost', {
      operation: 'test-store',
      effect: 'unknown',
    });
  };
}

describe('a commit that is repeated after an answer was lost', () => {
  it.each([
    ['the numbers of its disks are listed', 'list', 'disks/'],
    ['an index object is stored', 'put', 'index/'],
    ['the manifest is stored', 'put', 'points/'],
  ])('stores the disk as it was written, a full and an increment, when %s', async (_what, kind, prefix) => {
    const shared = noObjects();
    const store = createMemoryStore(shared);
    await (await createObjectRepository({ store, key: testKey, chunkBytes: CHUNK_BYTES }))[
      Symbol.asyncDispose
    ]();
    for (const point of [full, increment]) {
      await using repository = await openObjectRepository({
        store: createMemoryStore(shared, failOnce(kind, prefix)),
        key: testKey,
      });
      await using writer = await repository.begin(draftOf(point), soloFence);
      await writeDisk(writer, point);
      await expect(writer.commit([])).rejects.toMatchObject({ effect: 'unknown' });
      await writer.commit([]);
      await using after = await openObjectRepository({ store, key: testKey });
      await expectSample(after, sampleId(point), point.disk);
    }
  });
});
