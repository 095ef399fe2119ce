import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, expect, it } from 'vitest';
import { planOf, requestOf, runOf, send, type TestRun } from './restore-work.ts';
import { useBench, type VcenterBench } from './vcenter-bench.ts';

const DISKS = [seededBytes(3, 2 ** 20), seededBytes(4, 2 ** 20)];

describeWithPeers(['test-vcenter'], 'a restore whose process dies at a save', () => {
  const bench = useBench();
  /** What dead processes would have left open. */
  const dead: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const handle of dead.splice(0)) await handle[Symbol.asyncDispose]();
    await bench().clear();
  });

  /**
   * Runs a restore up to save number `cutAt`. `undefined` when it is complete before. A dead process disposes of nothing: its session
   * and its upload stay as they are, and its lease ends by its time-out.
   */
  async function cut(on: VcenterBench, via: 'lease' | 'datastore', cutAt: number) {
    const target = on.target({ via });
    dead.push(target);
    const plan = await planOf(target, requestOf(DISKS));
    const run = runOf(undefined, cutAt);
    try {
      const writer = await target.begin(plan, run);
      await send(writer, DISKS);
      await writer.commit();
    } catch (error) {
      if (!String(error).includes('the process died')) throw error;
      await on.server.control('expire-leases');
      return { plan, run };
    }
    return undefined;
  }

  async function isRestored(): Promise<boolean> {
    const contents = await Promise.all(DISKS.map((_disk, number) => bench().content('restored', number)));
    return contents.every((content, number) => content.equals(Buffer.from(DISKS[number] ?? [])));
  }

  /** A run that nothing of was saved of has nothing to go on from. */
  const resumable = (run: TestRun): TestRun | undefined => (run.saved.length > 0 ? run : undefined);

  it.each(['lease', 'datastore'] as const)('is finished by the next one, sent by %s', async (via) => {
    let cuts = 0;
    for (let left = await cut(bench(), via, 0); left !== undefined; left = await cut(bench(), via, cuts)) {
      await using target = bench().target({ via });
      const writer = await target.begin(left.plan, runOf(resumable(left.run)));
      await send(writer, DISKS);
      await writer.commit();
      await writer[Symbol.asyncDispose]();
      expect(await isRestored(), `cut ${cuts}`).toBe(true);
      expect((await bench().objects()).filter((name) => name.startsWith('sendense-'))).toEqual([]);
      await bench().clear();
      cuts += 1;
    }
    expect(cuts).toBeGreaterThan(8);
  });

  it('is undone by the next one without a trace', async () => {
    const before = await bench().objects();
    let cuts = 1;
    for (
      let left = await cut(bench(), 'lease', cuts);
      left !== undefined;
      left = await cut(bench(), 'lease', cuts)
    ) {
      await using target = bench().target();
      const writer = await target.begin(left.plan, runOf(left.run));
      await writer.rollback();
      await writer[Symbol.asyncDispose]();
      expect(await bench().objects(), `cut ${cuts}`).toEqual(before);
      cuts += 1;
    }
    expect(cuts).toBeGreaterThan(8);
  });
});
