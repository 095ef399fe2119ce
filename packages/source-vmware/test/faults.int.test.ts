import { guardSource, streamId } from '@sendense/core';
import { describeMachine, readSnapshots, removeSnapshot } from '@sendense/platform-vmware';
import { systemTimer, type Timer } from '@sendense/plugin-kit';
import { describeWithPeers } from '@sendense/tests/peers';
import { beforeAll, describe, expect, it } from 'vitest';
import { Guest, receive, requestOf, round } from './guest.ts';
import { useBench, type VcenterBench } from './vcenter-bench.ts';

const SIZE = 1024 * 1024;
const REST = { want: 'filesystem', accept: 'crash' } as const;

describeWithPeers(['test-vcenter'], 'faults while a machine of a vCenter is backed up', () => {
  const opened = useBench();
  let bench: VcenterBench;
  beforeAll(() => {
    bench = opened();
  });

  async function guestWithData(): Promise<Guest> {
    const guest = await Guest.boot(bench, [SIZE]);
    await guest.write(0, 0, SIZE);
    return guest;
  }

  it('a guest that does not come to rest at once is asked once more', async () => {
    const guest = await guestWithData();
    await using source = guardSource(bench.source());
    await bench.server.control('settings', { quiesceFaults: 1 });
    await using capture = await source.capture(requestOf(guest.machine, { consistency: REST }));
    expect(capture).toMatchObject({ consistency: 'filesystem' });
    expect(capture.findings.map(({ code }) => code)).not.toContain('consistency-weakened');
  });

  it('a guest that never comes to rest is backed up as after a crash, which is told, or not at all', async () => {
    const guest = await guestWithData();
    await using source = guardSource(bench.source());
    await bench.server.control('settings', { quiesceFaults: 4 });
    {
      await using capture = await source.capture(requestOf(guest.machine, { consistency: REST }));
      expect(capture.consistency).toBe('crash');
      expect(capture.findings.map(({ code }) => code)).toContain('consistency-weakened');
      expect(await receive(capture)).toEqual(guest.now());
    }
    const strict = { want: 'filesystem', accept: 'filesystem' } as const;
    const refused = source.capture(requestOf(guest.machine, { consistency: strict }));
    await expect(refused).rejects.toMatchObject({ code: 'QUIESCE_FAILED', remedy: expect.any(String) });
    expect(await bench.snapshots(guest.machine)).toEqual([]);
  });

  it('sessions that end, replies that break and a busy server cost only time', async () => {
    const guest = await guestWithData();
    await using source = guardSource(bench.source());
    await using capture = await source.capture(requestOf(guest.machine));
    await bench.server.control('expire-sessions');
    await bench.server.control('transfer-faults', { unavailable: 1, drops: 2, dropAfterBytes: 70_000 });
    expect(await receive(capture)).toEqual(guest.now());
    expect(await capture.seal()).not.toBeNull();
  });

  describe('a disk whose file a host holds', () => {
    /** The file with the bytes of the first disk, under the snapshot of a backup. */
    async function baseOf({ machine }: Guest): Promise<string> {
      const [disk] = (await describeMachine(bench.operator, machine.object)).machine.disks;
      return (disk?.fileName ?? '').replace(/\.vmdk$/, '-flat.vmdk');
    }

    const hold = (fileName: string, locked: boolean) => bench.server.control('lock', { fileName, locked });

    /** Time in which a wait for another try of a read is short; `waited` is told of each. Time-outs and leases wait for longer. */
    function impatient(waited: () => Promise<unknown>): Timer {
      return {
        monotonicMs: () => systemTimer.monotonicMs(),
        async sleep(ms, signal) {
          if (ms < 10_000) await waited();
          await systemTimer.sleep(ms < 10_000 ? 1 : ms, signal);
        },
      };
    }

    it('is read on when it is let go', async () => {
      const guest = await guestWithData();
      const file = await baseOf(guest);
      let waits = 0;
      const timer = impatient(async () => {
        waits += 1;
        if (waits === 2) await hold(file, false);
      });
      await using source = guardSource(bench.source({ transport: 'datastore' }, { timer }));
      await using capture = await source.capture(requestOf(guest.machine));
      await hold(file, true);
      expect(await receive(capture)).toEqual(guest.now());
      expect(waits).toBeGreaterThanOrEqual(2);
      expect(await capture.seal()).not.toBeNull();
    });

    it('and does not let go fails the backup, which leaves nothing', async () => {
      const guest = await guestWithData();
      const file = await baseOf(guest);
      const timer = impatient(async () => undefined);
      await using source = guardSource(bench.source({ transport: 'datastore' }, { timer }));
      const capture = await source.capture(requestOf(guest.machine));
      await hold(file, true);
      const context = { file, httpStatus: 500 };
      await expect(receive(capture)).rejects.toMatchObject({ code: 'CONNECTION_LOST', context });
      await hold(file, false);
      await capture[Symbol.asyncDispose]();
      expect(await bench.snapshots(guest.machine)).toEqual([]);
    });

    it('from before it is opened is read by a lease, which is told', async () => {
      const guest = await guestWithData();
      const file = await baseOf(guest);
      await hold(file, true);
      const timer = impatient(async () => undefined);
      await using source = guardSource(bench.source({}, { timer }));
      await using capture = await source.capture(requestOf(guest.machine));
      const told = capture.findings.filter(({ code }) => code === 'transport-refused');
      expect(told).toMatchObject([{ severity: 'warning', message: expect.stringContaining(file) }]);
      expect(await receive(capture)).toEqual(guest.now());
      await hold(file, false);
    });
  });

  it('a snapshot that somebody removes makes the bytes those of no instant', async () => {
    const guest = await guestWithData();
    await using source = guardSource(bench.source());
    await using capture = await source.capture(requestOf(guest.machine));
    const [snapshot] = (await readSnapshots(bench.operator, guest.machine.object)).snapshots;
    await removeSnapshot(bench.operator, snapshot?.object ?? { type: '', id: '' });
    await expect(capture.seal()).rejects.toMatchObject({ code: 'INSTANT_LOST' });
  });

  it('files that move while they are read are found again by their snapshot', async () => {
    const guest = await guestWithData();
    await using source = guardSource(bench.source());
    await using capture = await source.capture(requestOf(guest.machine));
    const { name, keys } = guest.machine;
    await bench.server.control('move', { machine: name, key: keys[0], folder: 'elsewhere' });
    expect(await receive(capture)).toEqual(guest.now());
  });

  it('a full datastore fails the snapshot, and leaves nothing', async () => {
    const guest = await guestWithData();
    await using source = guardSource(bench.source());
    await bench.server.control('settings', { full: true });
    const failed = source.capture(requestOf(guest.machine));
    await expect(failed).rejects.toMatchObject({ code: 'NO_SPACE' });
    await bench.server.control('settings', { full: false });
    expect(await bench.snapshots(guest.machine)).toEqual([]);
  });

  it('files that a removed snapshot leaves behind are merged', async () => {
    const guest = await guestWithData();
    await using source = bench.source();
    await bench.server.control('settings', { keepFiles: true });
    await round(source, guest);
    await bench.server.control('settings', { keepFiles: false });
    const disks = await bench.server.control<readonly { layers: number }[]>('disks', {
      machine: guest.machine.name,
    });
    expect(disks.map(({ layers }) => layers)).toEqual([1]);
  });

  it('a disk is read through the snapshot of another backup that ends after it', async () => {
    const guest = await guestWithData();
    await using source = guardSource(bench.source());
    await using first = await source.capture(requestOf(guest.machine));
    await guest.write(0, 100_000, 200_000);
    const wanted = guest.now();
    const request = requestOf(guest.machine, { stream: streamId('stream-2') });
    await using second = await source.capture(request);
    await guest.write(0, 50_000, 100_000);
    expect(await receive(second)).toEqual(wanted);
    expect(await second.seal()).not.toBeNull();
    expect(await first.seal()).not.toBeNull();
  });

  it('a disk that stands on the snapshot of another backup has lost its instant when that ends first', async () => {
    const guest = await guestWithData();
    await using source = guardSource(bench.source());
    const first = await source.capture(requestOf(guest.machine));
    await guest.write(0, 100_000, 200_000);
    const request = requestOf(guest.machine, { stream: streamId('stream-2') });
    await using second = await source.capture(request);
    await first[Symbol.asyncDispose]();
    await expect(receive(second)).rejects.toMatchObject({ code: 'INSTANT_LOST' });
    await expect(second.seal()).rejects.toMatchObject({ code: 'INSTANT_LOST' });
  });

  it('the name of a merged file that a later snapshot takes gives no bytes of another instant', async () => {
    const guest = await guestWithData();
    await using source = guardSource(bench.source());
    const capture = (stream: string) =>
      source.capture(requestOf(guest.machine, { stream: streamId(stream) }));
    const first = await capture('stream-1');
    await guest.write(0, 100_000, 100_000);
    await using second = await capture('stream-2');
    await first[Symbol.asyncDispose]();
    await using third = await capture('stream-3');
    await guest.write(0, 500_000, 8192);
    await using fourth = await capture('stream-4');
    await receive(second).catch(() => undefined);
    await expect(second.seal()).rejects.toMatchObject({ code: 'INSTANT_LOST' });
    expect([third.disks.length, fourth.disks.length]).toEqual([1, 1]);
  });

  it('a machine with more snapshots than allowed is not given another', async () => {
    const guest = await guestWithData();
    await using source = guardSource(bench.source());
    await using kept = await source.capture(requestOf(guest.machine));
    await using strict = guardSource(bench.source({ maxSnapshots: 0 }));
    await expect(strict.capture(requestOf(guest.machine))).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await kept.seal()).not.toBeNull();
  });

  it('areas in use spare the reading of what a thin disk never held', async () => {
    const guest = await Guest.boot(bench, [SIZE]);
    await guest.write(0, 131_072, 65_536);
    await using source = bench.source({ areasInUse: 'thin' });
    await round(source, guest);
    await bench.server.control('transfer-count');
    const { disks } = await round(source, guest);
    const { bytes } = await bench.server.control<{ bytes: number }>('transfer-count');
    expect(disks).toEqual(guest.now());
    expect(bytes).toBeLessThan(131_072);
  });
});
