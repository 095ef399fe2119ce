import type { ByteRange } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  AREAS_IN_USE,
  type ManagedObject,
  queryChangedAreas,
  readSnapshotDisks,
  removeSnapshot,
} from '../src/index.ts';
import { watched } from './support/test-client.ts';
import { TestMachine } from './support/test-machine.ts';

const BLOCK = 65_536;

describeWithPeers(['test-vcenter'], 'change tracking of the test vCenter', () => {
  let machine: TestMachine;
  beforeEach(async () => {
    machine = await TestMachine.start();
  });
  afterEach(() => machine[Symbol.asyncDispose]());

  async function changeIdOf(snapshot: ManagedObject): Promise<string | undefined> {
    return (await readSnapshotDisks(machine.client, snapshot))[0]?.changeId;
  }

  /** Switches tracking on, and lets it come into effect. */
  async function trackNow(): Promise<void> {
    await machine.track();
    await removeSnapshot(machine.client, await machine.snapshot('moment'));
  }

  /** Blocks that changed up to the snapshot, as `[first, count]`. */
  async function changed(snapshot: ManagedObject | undefined, changeId: string, methods: string[] = []) {
    const { key, capacityBytes } = await machine.disk();
    const request = { machine: machine.object, snapshot, deviceKey: key, sizeBytes: capacityBytes, changeId };
    const areas: ByteRange[] = [];
    for await (const area of queryChangedAreas(watched(machine.client, methods), request)) areas.push(area);
    return areas.map(({ offset, length }) => [offset / BLOCK, length / BLOCK]);
  }

  /** One question, as the server answers it. */
  async function ask(snapshot: ManagedObject, startOffset: number, changeId: string) {
    const { key } = await machine.disk();
    return machine.client.invoke('QueryChangedDiskAreas', machine.object, [
      ['snapshot', snapshot],
      ['deviceKey', key],
      ['startOffset', startOffset],
      ['changeId', changeId],
    ]);
  }

  it('tells the blocks that were written between two instants, also while a snapshot exists', async () => {
    await trackNow();
    const first = await machine.snapshot('a');
    const since = (await changeIdOf(first)) ?? '';
    await machine.write(3 * BLOCK + 5, 10);
    await removeSnapshot(machine.client, first);
    await machine.write(7 * BLOCK - 1, 2);
    const second = await machine.snapshot('b');
    await machine.write(12 * BLOCK, 10);
    expect(await changed(second, since)).toEqual([
      [3, 1],
      [6, 2],
    ]);
    expect(await changed(second, AREAS_IN_USE)).toEqual([
      [0, 1],
      [3, 1],
      [6, 2],
    ]);
    const third = await machine.snapshot('c');
    expect(await changed(third, (await changeIdOf(second)) ?? '')).toEqual([[12, 1]]);
    expect(await changed(third, since)).toEqual([
      [3, 1],
      [6, 2],
      [12, 1],
    ]);
  });

  it('tells them in several replies', async () => {
    await trackNow();
    const first = await machine.snapshot('a');
    for (const block of [1, 3, 5, 7, 9]) await machine.write(block * BLOCK, 1);
    const second = await machine.snapshot('b');
    await machine.server.control('settings', { areasPerReply: 2 });
    const methods: string[] = [];
    const blocks = await changed(second, (await changeIdOf(first)) ?? '', methods);
    expect(blocks.map(([block]) => block)).toEqual([1, 3, 5, 7, 9]);
    expect(methods).toHaveLength(3);
  });

  it.each(['runs', 'is off'])(
    'comes into effect with the next snapshot of a machine that %s',
    async (how) => {
      if (how === 'runs') await machine.power('On');
      await machine.track();
      const first = await machine.snapshot('a');
      expect(await changeIdOf(first)).toBeUndefined();
      await expect(ask(first, 0, AREAS_IN_USE)).rejects.toMatchObject({
        context: { fault: 'InvalidArgument' },
      });
      await removeSnapshot(machine.client, first);
      expect(await changeIdOf(await machine.snapshot('b'))).toMatch(/^[0-9a-f -]+\/1$/);
    },
  );

  it('does not come into effect under an older snapshot', async () => {
    const old = await machine.snapshot('old');
    await machine.track();
    expect(await changeIdOf(await machine.snapshot('a'))).toBeUndefined();
    await removeSnapshot(machine.client, old);
  });

  it('knows nothing of ids of another epoch, nor of places outside the disk', async () => {
    await trackNow();
    const first = await machine.snapshot('a');
    const since = (await changeIdOf(first)) ?? '';
    for (const offset of [2 ** 20, 2 ** 20 + BLOCK])
      await expect(ask(first, offset, since)).rejects.toMatchObject({
        context: { fault: 'InvalidArgument' },
      });
    await machine.server.control('reset-tracking', { machine: 'app-1' });
    const second = await machine.snapshot('b');
    await expect(ask(second, 0, since)).rejects.toMatchObject({ context: { fault: 'FileFault' } });
    await removeSnapshot(machine.client, second);
    const gone = ask(second, 0, AREAS_IN_USE);
    await expect(gone).rejects.toMatchObject({ context: { fault: 'NotFound' } });
  });

  it('begins anew when a disk grows, which it does not while a snapshot holds it', async () => {
    await trackNow();
    const snapshot = await machine.snapshot('a');
    const since = (await changeIdOf(snapshot)) ?? '';
    const resize = { machine: 'app-1', capacityBytes: 2 ** 21 };
    await expect(machine.server.control('resize', resize)).rejects.toThrow();
    await removeSnapshot(machine.client, snapshot);
    await machine.server.control('resize', resize);
    expect((await machine.file('app-1/app-1-flat.vmdk')).length).toBe(2 ** 21);
    await expect(ask(await machine.snapshot('b'), 0, since)).rejects.toMatchObject({
      context: { fault: 'FileFault' },
    });
  });
});
