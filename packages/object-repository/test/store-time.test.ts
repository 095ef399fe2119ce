import { SendenseError, systemRandom } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { describe, expect, it } from 'vitest';
import { askStoreTime } from '../src/store/store-time.ts';
import { create, first, keysOf, open } from './hurt-objects.ts';
import { createMemoryStore, type StoreOperation } from './memory-store.ts';
import { draftOf, expectSample, sampleId, writeDisk } from './sample-disk.ts';
import { openStandingStill, pruneTwice } from './still-clocks.ts';

describe('a writer that stands still together with both of its clocks', () => {
  it.each(['index/', 'points/'])(
    'while it removes what told the time sends nothing late of what begins with %s',
    async (late) => {
      const shared = await create();
      let isHeld = false;
      let sent: readonly string[] = [];
      const isHere = ({ kind, key }: StoreOperation) =>
        kind === 'delete' &&
        key.startsWith('probe/') &&
        (late === 'index/' || keysOf(shared, 'index/').length > 0);
      const store = createMemoryStore(shared, async (operation, run) => {
        run();
        if (!isHeld || !isHere(operation)) return;
        isHeld = false;
        sent = keysOf(shared, late);
        await pruneTwice(shared);
      });
      await using repository = await openStandingStill(store);
      await using writer = await repository.begin(draftOf(first), soloFence);
      await writeDisk(writer, first);
      isHeld = true;
      const ended = await writer.commit([]).catch((error: unknown) => error);
      expect(isHeld).toBe(false);
      expect(keysOf(shared, late).filter((key) => !sent.includes(key))).toEqual([]);
      expect(ended).toMatchObject({ code: 'EXPIRED' });
    },
  );

  it('before it repeats the question asks anew: the time in the answer is that of the first try', async () => {
    const shared = await create();
    const store = createMemoryStore(shared);
    let isHeld = false;
    await using repository = await openStandingStill({
      ...store,
      async put(key, bytes, options, call) {
        const status = await store.put(key, bytes, options, call);
        if (!isHeld || !key.startsWith('probe/')) return status;
        isHeld = false;
        await pruneTwice(shared);
        options?.beforeSend?.(); // the answer was lost, and the repetition finds what the first try made
        return status;
      },
    });
    await using writer = await repository.begin(draftOf(first), soloFence);
    await writeDisk(writer, first);
    isHeld = true;
    await expect(writer.commit([])).rejects.toMatchObject({ code: 'EXPIRED', effect: 'none' });
    expect(isHeld).toBe(false);
    expect([...keysOf(shared, 'index/'), ...keysOf(shared, 'points/'), ...keysOf(shared, 'probe/')]).toEqual(
      [],
    );
  });

  it('asks before it sends and removes afterwards: what it commits in time is there, and no object that told the time', async () => {
    const shared = await create();
    const steps: string[] = [];
    const store = createMemoryStore(shared, async ({ kind, key }, run) => {
      if (kind !== 'get' && /^(?:probe|index|points)\/./.test(key))
        steps.push(`${kind} ${key.split('/')[0]}`);
      run();
    });
    await using repository = await openStandingStill(store);
    await using writer = await repository.begin(draftOf(first), soloFence);
    await writeDisk(writer, first);
    steps.length = 0;
    await writer.commit([]);
    expect(steps).toEqual(
      ['index', 'points'].flatMap((what) => ['put probe', `put ${what}`, 'delete probe']),
    );
    await using other = await open(shared);
    await expectSample(other, sampleId(first), first.disk);
    expect(keysOf(shared, 'probe/')).toEqual([]);
  });
});

describe('who asks the store for its time', () => {
  it('believes no answer to a question that is always repeated: the error says to try later, and nothing is left', async () => {
    const shared = await create();
    const store = createMemoryStore(shared);
    const repeating: typeof store = {
      ...store,
      async put(key, bytes, options, call) {
        options?.beforeSend?.();
        return store.put(key, bytes, options, call);
      },
    };
    const asked = askStoreTime({ store: repeating, random: systemRandom });
    await expect(asked).rejects.toMatchObject({ code: 'CONNECTION_LOST', retry: 'later' });
    expect(keysOf(shared, 'probe/')).toEqual([]);
  });

  it('leaves nothing when a later question fails', async () => {
    const shared = await create();
    const store = createMemoryStore(shared);
    let asked = 0;
    const failing: typeof store = {
      ...store,
      async put(key, bytes, options, call) {
        asked += 1;
        if (asked === 2) throw new SendenseError('NO_SPACE', 'full', { operation: 'put-object' });
        options?.beforeSend?.();
        return store.put(key, bytes, options, call);
      },
    };
    const failed = askStoreTime({ store: failing, random: systemRandom });
    await expect(failed).rejects.toMatchObject({ code: 'NO_SPACE' });
    expect(asked).toBe(2);
    expect(keysOf(shared, 'probe/')).toEqual([]);
  });
});
