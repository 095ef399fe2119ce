import { afterEach, describe, expect, it, vi } from 'vitest';
import { PackTable } from '../src/index/pack-table.ts';
import { create, first, GRACE_MS, keysOf, open } from './hurt-objects.ts';
import { writeSample } from './sample-disk.ts';

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
