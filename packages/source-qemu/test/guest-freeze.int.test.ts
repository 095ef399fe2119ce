import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GuestBench, type GuestPoint } from './guest-bench.ts';

const FROZEN = { want: 'filesystem', accept: 'filesystem' } as const;
const PEERS = ['guest', 'libvirt', 'qemu-img', 'ext4-tools'];

describeWithPeers(PEERS, 'a guest that writes, with a guest agent', () => {
  let bench: GuestBench;

  beforeAll(async () => {
    bench = await GuestBench.open();
  }, 120_000);

  afterAll(() => bench[Symbol.asyncDispose]());

  it('is frozen for each of five points: clean file systems that hold all it wrote before, synced or not', async () => {
    const { guest } = bench;
    let last: GuestPoint | undefined;
    for (let round = 0; round < 5; round++) {
      await guest.more(10);
      const { written } = guest;
      const point: GuestPoint = await bench.round(FROZEN, last, () =>
        guest.run(`touch /data/late-${round}; sync`),
      );
      expect(point.kind).toBe(round === 0 ? 'full' : 'incremental');
      expect(point.capture).toMatchObject({ consistency: 'filesystem', findings: [] });
      expect(guest.takeHooks()).toEqual(['freeze', 'thaw']);
      const { disk } = point;
      expect(disk).toMatchObject({ needsRecovery: false, complaints: '' });
      const [cached, synced] = [await disk.records('cached'), await disk.records('synced')];
      expect(cached).toBeGreaterThanOrEqual(written.cached);
      expect(synced).toBeGreaterThanOrEqual(written.synced);
      expect([0, 1]).toContain(cached - synced); // one is written after the other
      expect([await disk.has(`late-${round - 1}`), await disk.has(`late-${round}`)]).toEqual([
        round > 0,
        false,
      ]);
      last = point;
    }
  });
});
