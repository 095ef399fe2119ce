import { createSnapshot, removeSnapshot, runTask, setChangeTracking } from '@sendense/platform-vmware';
import { describeWithPeers } from '@sendense/tests/peers';
import { beforeAll, expect, it } from 'vitest';
import { Guest, requestOf, round } from './guest.ts';
import { useBench, type VcenterBench } from './vcenter-bench.ts';

const SIZE = 1024 * 1024;

describeWithPeers(['test-vcenter'], 'what vSphere does to change tracking between two backups', () => {
  const opened = useBench();
  let bench: VcenterBench;
  beforeAll(() => {
    bench = opened();
  });

  /** A first backup, then `event` and a write, then a backup that must be right, and one after it. */
  async function after(event: (guest: Guest) => Promise<void>, before?: (guest: Guest) => Promise<void>) {
    const guest = await Guest.boot(bench, [SIZE]);
    await before?.(guest);
    await guest.write(0, 0, 131_072);
    await using source = bench.source();
    const first = await round(source, guest);
    expect(first.disks).toEqual(guest.now());
    await event(guest);
    await guest.write(0, 65_536, 65_536);
    const plan = await source.plan(requestOf(guest.machine, { since: [first.state] }));
    const second = await round(source, guest, first);
    expect(second.disks).toEqual(guest.now());
    await guest.write(0, 262_144, 512);
    const third = await round(source, guest, second);
    expect(third.disks).toEqual(guest.now());
    return { planned: plan.disks[0]?.reason, second: second.reasons[0], third: third.reasons[0] };
  }

  it('nothing: the next backup reads what changed', async () => {
    expect(await after(async () => undefined)).toEqual({ planned: null, second: null, third: null });
  });

  it('a snapshot of somebody else that stays: the next backup reads what changed, through the chain', async () => {
    const event = async ({ machine }: Guest) => {
      await createSnapshot(bench.operator, machine.object, { name: 'mine', description: '', quiesce: false });
    };
    expect(await after(event)).toEqual({ planned: null, second: null, third: null });
  });

  it('a reset, as after a crash of the host: full, and then again what changed', async () => {
    const event = async ({ machine }: Guest) => {
      await bench.server.control('reset-tracking', { machine: machine.name, key: machine.keys[0] });
    };
    expect(await after(event)).toEqual({ planned: 'tracking-lost', second: 'tracking-lost', third: null });
  });

  it.each([
    ['whose file is damaged', 'fault', 'tracking-lost'],
    ['whose answers cannot be true', 'gap', 'tracking-inconsistent'],
  ])('tracking %s: full each time, until it begins anew', async (_what, damage, reason) => {
    const event = async ({ machine: { name, keys } }: Guest) => {
      await bench.server.control('damage-tracking', { machine: name, key: keys[0], damage });
    };
    // of a machine that runs it is asked for changes only once there is a snapshot
    expect(await after(event)).toEqual({ planned: null, second: reason, third: reason });
  });

  it('files that were moved to another folder with their tracking: the next backup reads what changed', async () => {
    const event = async ({ machine: { name, keys } }: Guest) => {
      await bench.server.control('move', { machine: name, key: keys[0], folder: `${name}-moved` });
    };
    expect(await after(event)).toEqual({ planned: null, second: null, third: null });
  });

  it('files that were moved without their tracking, as old versions do: full', async () => {
    const event = async ({ machine: { name, keys } }: Guest) => {
      await bench.server.control('move', { machine: name, key: keys[0], folder: `${name}-moved` });
      await bench.server.control('reset-tracking', { machine: name, key: keys[0] });
    };
    expect(await after(event)).toEqual({ planned: 'tracking-lost', second: 'tracking-lost', third: null });
  });

  it('a disk that was taken out and put back, as for a restore in its place: full', async () => {
    const event = async (guest: Guest) => await bench.resize(guest.machine, 0, SIZE);
    expect(await after(event)).toMatchObject({ second: 'tracking-lost', third: null });
  });

  it('a clone: what was told of the one that it was made of does not hold for it', async () => {
    const guest = await Guest.boot(bench, [SIZE]);
    await guest.write(0, 0, 131_072);
    await using source = bench.source();
    const { state } = await round(source, guest);
    const clone = await bench.clone(guest.machine);
    const plan = await source.plan(requestOf(clone, { since: [{ ...state, machine: clone.ref }] }));
    expect(plan.disks.map(({ reason }) => reason)).toEqual(['first-backup']);
  });

  it('tracking switched off and on again: full', async () => {
    const event = async ({ machine: { object } }: Guest) => {
      const stun = async (enabled: boolean) => {
        await setChangeTracking(bench.operator, object, enabled);
        const text = { name: 'stun', description: '', quiesce: false };
        await removeSnapshot(bench.operator, await createSnapshot(bench.operator, object, text));
      };
      await stun(false);
      await stun(true);
    };
    expect(await after(event)).toEqual({ planned: 'tracking-lost', second: 'tracking-lost', third: null });
  });

  it('tracking switched off: full, and it is switched on again', async () => {
    const event = async ({ machine: { object } }: Guest) => {
      await setChangeTracking(bench.operator, object, false);
      const text = { name: 'stun', description: '', quiesce: false };
      await removeSnapshot(bench.operator, await createSnapshot(bench.operator, object, text));
    };
    expect(await after(event)).toEqual({ planned: 'tracking-lost', second: 'tracking-lost', third: null });
  });

  it('a smaller disk: full', async () => {
    const event = async (guest: Guest) => {
      await bench.resize(guest.machine, 0, SIZE - 65_536);
      guest.disks[0] = Buffer.from(guest.disks[0]?.subarray(0, SIZE - 65_536) ?? []);
    };
    expect(await after(event)).toEqual({ planned: 'disk-resized', second: 'disk-resized', third: null });
  });

  it('a larger disk: full', async () => {
    const event = async (guest: Guest) => {
      await bench.resize(guest.machine, 0, SIZE + 65_536);
      guest.disks[0] = Buffer.concat([guest.disks[0] ?? Buffer.alloc(0), Buffer.alloc(65_536)]);
    };
    expect(await after(event)).toEqual({ planned: 'disk-resized', second: 'disk-resized', third: null });
  });

  it('a return to an older snapshot: full', async () => {
    const before = async ({ machine: { object } }: Guest) => {
      await setChangeTracking(bench.operator, object, true);
      await createSnapshot(bench.operator, object, { name: 'mine', description: '', quiesce: false });
    };
    const event = async (guest: Guest) => {
      await runTask(bench.operator, 'RevertToCurrentSnapshot_Task', guest.machine.object, []);
      guest.disks[0]?.fill(0);
    };
    const told = await after(event, before);
    expect(told.second).toMatch(/^(?:machine-reverted|tracking-lost)$/);
    expect(told).toEqual({ planned: told.second, second: told.second, third: null });
  });

  it('tracking switched on over a snapshot, where it has no effect yet: full each time, and it is told why', async () => {
    const guest = await Guest.boot(bench, [SIZE]);
    const { object } = guest.machine;
    await createSnapshot(bench.operator, object, { name: 'mine', description: '', quiesce: false });
    await setChangeTracking(bench.operator, object, true);
    await using source = bench.source();
    await using capture = await source.capture(requestOf(guest.machine));
    const [disk] = capture.disks;
    expect(disk?.changes).toMatchObject({ kind: 'full', reason: 'no-change-tracking' });
    expect(capture.findings).toContainEqual(
      expect.objectContaining({ code: 'no-change-tracking', severity: 'warning', disk: disk?.id }),
    );
  });
});
