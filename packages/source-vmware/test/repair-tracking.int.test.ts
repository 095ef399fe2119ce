import { type Capture, streamId } from '@sendense/core';
import { createSnapshot, removeSnapshot } from '@sendense/platform-vmware';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { Guest, requestOf, round } from './guest.ts';
import { useBench, type VcenterBench } from './vcenter-bench.ts';

const SIZE = 1024 * 1024;

describeWithPeers(['test-vcenter'], 'change tracking that is found broken and may be repaired', () => {
  const opened = useBench();
  let bench: VcenterBench;
  beforeAll(() => {
    bench = opened();
  });
  const sources: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const source of sources.splice(0)) await source[Symbol.asyncDispose]();
  });

  /** A machine of two disks with a first backup; then the tracking of disk 0 is damaged and both are written to. */
  async function damaged(damage: string, running = true) {
    const guest = await Guest.boot(bench, [SIZE, SIZE], { running });
    const source = bench.source({ track: 'repair' });
    sources.push(source);
    const first = await round(source, guest);
    const { name, keys } = guest.machine;
    await bench.server.control('damage-tracking', { machine: name, key: keys[0], damage });
    await guest.write(0, 65_536, 65_536);
    await guest.write(1, 0, 512);
    return { guest, source, first };
  }

  const codes = ({ findings }: Capture): readonly string[] => findings.map(({ code }) => code);

  it.each([
    ['fails', 'fault', true, 'tracking-lost'],
    ['cannot be true', 'gap', true, 'tracking-inconsistent'],
    ['fails for a machine that is off', 'fault', false, 'tracking-lost'],
  ])(
    'because it %s begins anew with that backup, and the next one reads what changed',
    async (_how, damage, running, reason) => {
      const { guest, source, first } = await damaged(damage, running);
      const second = await round(source, guest, first, async (capture) => {
        expect(codes(capture)).toContain('change-tracking-reset');
        expect(await bench.snapshots(guest.machine)).toHaveLength(1);
      });
      // the other disk has lost its tracking by it
      expect(second.reasons).toEqual([reason, 'tracking-lost']);
      expect(second.disks).toEqual(guest.now());
      expect(await bench.snapshots(guest.machine)).toEqual([]);
      await guest.write(0, 262_144, 512);
      const third = await round(source, guest, second, async (capture) =>
        expect(codes(capture)).not.toContain('change-tracking-reset'),
      );
      expect(third.reasons).toEqual([null, null]);
      expect(third.disks).toEqual(guest.now());
    },
  );

  async function grow(guest: Guest): Promise<void> {
    await bench.resize(guest.machine, 0, SIZE + 65_536);
    guest.disks[0] = Buffer.concat([guest.disks[0] ?? Buffer.alloc(0), Buffer.alloc(65_536)]);
  }

  it.each(['repair', 'auto'] as const)(
    'begins anew by `%s` after a disk has grown: old versions miss blocks of it until then',
    async (track) => {
      const guest = await Guest.boot(bench, [SIZE]);
      await using source = bench.source({ track });
      const first = await round(source, guest);
      await grow(guest);
      const plan = await source.plan(requestOf(guest.machine, { since: [first.state] }));
      expect(plan.findings.map(({ code }) => code)).toContain('change-tracking-reset');
      const second = await round(source, guest, first, async (capture) =>
        expect(codes(capture)).toContain('change-tracking-reset'),
      );
      expect(second.reasons).toEqual(['disk-resized']);
      expect((await round(source, guest, second)).reasons).toEqual([null]);
    },
  );

  it('of a disk that has grown is not trusted over a snapshot of somebody else, and begins anew when that is gone', async () => {
    const guest = await Guest.boot(bench, [SIZE]);
    await using source = bench.source();
    let last = await round(source, guest);
    await grow(guest);
    const text = { name: 'mine', description: '', quiesce: false };
    const mine = await createSnapshot(bench.operator, guest.machine.object, text);
    for (let time = 0; time < 2; time += 1) {
      const next = await round(source, guest, last, async (capture) => {
        expect(codes(capture)).toContain('change-tracking-broken');
        expect(codes(capture)).toContain('change-tracking-outgrown');
        expect(codes(capture)).not.toContain('change-tracking-reset');
      });
      expect(next.reasons).toEqual(['disk-resized']);
      expect(await bench.snapshots(guest.machine)).toEqual(['mine: ']);
      last = next;
    }
    await removeSnapshot(bench.operator, mine);
    const anew = await round(source, guest, last, async (capture) => {
      expect(codes(capture)).toContain('change-tracking-reset');
      expect(codes(capture)).not.toContain('change-tracking-outgrown');
    });
    expect(anew.reasons).toEqual(['disk-resized']);
    await guest.write(0, 0, 512);
    const after = await round(source, guest, anew);
    expect(after.reasons).toEqual([null]);
    expect(after.disks).toEqual(guest.now());
  });

  it('of a disk that has grown is neither switched nor trusted by `existing`, until somebody resets it', async () => {
    const guest = await Guest.boot(bench, [SIZE]);
    await using first = bench.source();
    let last = await round(first, guest);
    await grow(guest);
    await using source = bench.source({ track: 'existing' });
    for (let time = 0; time < 2; time += 1) {
      const next = await round(source, guest, last, async (capture) => {
        expect(codes(capture)).toContain('change-tracking-outgrown');
        expect(codes(capture)).not.toContain('change-tracking-reset');
      });
      expect(next.reasons).toEqual(['disk-resized']);
      last = next;
    }
    const { name, keys } = guest.machine;
    await bench.server.control('reset-tracking', { machine: name, key: keys[0] });
    const reset = await round(source, guest, last);
    expect(reset.reasons).toEqual(['tracking-lost']);
    expect((await round(source, guest, reset)).reasons).toEqual([null]);
  });

  it('does not begin anew over a snapshot of somebody else, which is told', async () => {
    const { guest, source, first } = await damaged('fault');
    const text = { name: 'mine', description: '', quiesce: false };
    await createSnapshot(bench.operator, guest.machine.object, text);
    const second = await round(source, guest, first, async (capture) => {
      expect(codes(capture)).toContain('change-tracking-broken');
      expect(codes(capture)).not.toContain('change-tracking-reset');
    });
    expect(second.reasons).toEqual(['tracking-lost', null]);
    expect(second.disks).toEqual(guest.now());
    expect(await bench.snapshots(guest.machine)).toEqual(['mine: ']);
  });

  it('costs another stream of the machine one full, which is told', async () => {
    const { guest, source, first } = await damaged('gap');
    await round(source, guest, first);
    const request = requestOf(guest.machine, { stream: streamId('stream-2'), since: [first.state] });
    const plan = await source.plan(request);
    expect(plan.disks.map(({ reason }) => reason)).toEqual(['tracking-lost', 'tracking-lost']);
  });

  it('is left as it is by `auto`', async () => {
    const { guest, first } = await damaged('fault');
    await using careful = bench.source();
    const second = await round(careful, guest, first, async (capture) =>
      expect(codes(capture)).not.toContain('change-tracking-reset'),
    );
    expect(second.reasons).toEqual(['tracking-lost', null]);
  });
});
