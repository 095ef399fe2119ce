import { soloFence } from '@sendense/plugin-kit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ChunkTable } from '../src/index/chunk-table.ts';
import { PackTable } from '../src/index/pack-table.ts';
import { RecordPartitions } from '../src/index/record-partitions.ts';
import type { ObjectRepository } from '../src/object-repository.ts';
import { create, first, GRACE_MS, keysOf, open, twin } from './hurt-objects.ts';
import { draftOf, writeSample } from './sample-disk.ts';

afterEach(() => vi.restoreAllMocks());

describe('a prune', () => {
  it('plans no pack with a copy that counts, also when its table of packs had missed it', async () => {
    const shared = await create();
    await using repository = await open(shared);
    await writeSample(repository, first);
    shared.nowMs += GRACE_MS / 2;
    const looked = vi.spyOn(PackTable.prototype, 'getAll');
    looked.mockImplementation(async (packs) => packs.map(() => undefined));
    await repository.maintenance.prune({ last: 1 });
    expect(looked).toHaveBeenCalled();
    expect(keysOf(shared, 'prune/plan-')).toEqual([]);
  });
});

describe('a table of packs', () => {
  it.each<
    [string, typeof ChunkTable | typeof RecordPartitions, (repository: ObjectRepository) => Promise<unknown>]
  >([
    ['backup', ChunkTable, (repository) => repository.begin(draftOf(twin), soloFence)],
    ['prune', RecordPartitions, (repository) => repository.maintenance.prune({ last: 1 })],
  ])('is given back when a %s fails right after it was made', async (_what, next, run) => {
    const shared = await create();
    await using repository = await open(shared);
    await writeSample(repository, first);
    const make = PackTable.open.bind(PackTable);
    const given: PackTable[] = [];
    vi.spyOn(PackTable.prototype, Symbol.asyncDispose).mockImplementation(async function (this: PackTable) {
      given.push(this);
    });
    let made: PackTable | undefined;
    vi.spyOn(PackTable, 'open').mockImplementationOnce(async (createTable) => {
      made = await make(createTable);
      vi.spyOn(next, 'open').mockRejectedValueOnce(new Error('no room'));
      return made;
    });
    await expect(run(repository)).rejects.toThrow('no room');
    expect(given).toEqual([made]);
  });
});
