import { SendenseError } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { afterEach, expect, it, vi } from 'vitest';
import { ChunkSink } from '../src/write/chunk-sink.ts';
import { create, first, open } from './hurt-objects.ts';
import { draftOf } from './sample-disk.ts';

afterEach(() => vi.restoreAllMocks());

it('a backup that cannot read its earlier progress gives its tables back', async () => {
  await using repository = await open(await create(), async ({ kind, key }, run) => {
    if (kind === 'list' && key.startsWith('progress/'))
      throw new SendenseError('CONNECTION_LOST', 'the network broke', { operation: 'list-objects' });
    run();
  });
  const sinks: ChunkSink[] = [];
  const make = ChunkSink.open.bind(ChunkSink);
  vi.spyOn(ChunkSink, 'open').mockImplementation(async (...args) => {
    const sink = await make(...args);
    sinks.push(sink);
    return sink;
  });
  await expect(repository.begin(draftOf(first), soloFence)).rejects.toMatchObject({
    code: 'CONNECTION_LOST',
  });
  expect(sinks).toHaveLength(1);
  for (const sink of sinks) await expect(sink.flush()).rejects.toMatchObject({ code: 'NOT_OPEN' });
});
