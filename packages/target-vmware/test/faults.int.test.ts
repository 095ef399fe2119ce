import { diskId, type RestorePlan, type TargetConnector } from '@sendense/core';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PIECE, planOf, requestOf, runOf, send } from './restore-work.ts';
import { useBench, type VcenterBench } from './vcenter-bench.ts';

const MIB = 2 ** 20;
const DISKS = [seededBytes(1, 2 * MIB), seededBytes(2, MIB)];

describeWithPeers(['test-vcenter'], 'a restore that fails', () => {
  const bench = useBench();
  let target: TargetConnector;
  let plan: RestorePlan;
  let before: readonly string[];
  beforeEach(async () => {
    before = await bench().objects();
    target = bench().target();
    plan = await planOf(target, requestOf(DISKS));
  });
  afterEach(async () => {
    await target[Symbol.asyncDispose]();
    await bench().clear();
  });

  /** Does `harm` in the middle of disk 1 and resolves with what the write then says; disk 0 is whole. */
  async function harmed(harm: (server: VcenterBench['server']) => Promise<unknown>) {
    const run = runOf();
    const writer = await target.begin(plan, run);
    const failure = await send(writer, DISKS, async (disk, at) => {
      if (disk === 1 && at === 8 * PIECE) await harm(bench().server);
    }).catch((error: unknown) => error);
    await writer[Symbol.asyncDispose]();
    return { run, failure };
  }

  /** Resumes in a new process, sends what is missing, commits, and compares. */
  async function finish(run: ReturnType<typeof runOf>): Promise<number> {
    await using later = bench().target();
    const writer = await later.begin(plan, runOf(run));
    const sent = await send(writer, DISKS);
    await writer.commit();
    await writer[Symbol.asyncDispose]();
    for (const [number, bytes] of DISKS.entries())
      expect((await bench().content('restored', number)).equals(Buffer.from(bytes)), `disk ${number}`).toBe(
        true,
      );
    return sent;
  }

  it('because its lease was lost sends the disk again by a new lease, and only that', async () => {
    const { run, failure } = await harmed((server) => server.control('expire-leases'));
    expect(failure).toMatchObject({ code: 'EXPIRED' });
    expect(await finish(run)).toBe(DISKS[1]?.byteLength);
  });

  it('because its session was ended goes on in a new one, when its lease has ended too, and sends the disk again', async () => {
    await bench().server.control('settings', { leaseTimeoutSeconds: 4 });
    const { run, failure } = await harmed((server) => server.control('expire-sessions'));
    expect(failure).toMatchObject({ code: 'EXPIRED' });
    expect(await finish(run)).toBe(DISKS[1]?.byteLength);
    await bench().server.control('settings', { leaseTimeoutSeconds: 300 });
  });

  it('because the datastore is full says so, and goes on when there is room', async () => {
    const run = runOf();
    const writer = await target.begin(plan, run);
    const failed = send(writer, DISKS, async (disk, at) => {
      if (disk === 1 && at === 0) await bench().server.control('settings', { full: true });
    });
    await expect(failed).rejects.toMatchObject({ code: 'NO_SPACE', context: { fault: 'NoDiskSpace' } });
    await writer[Symbol.asyncDispose]();
    await bench().server.control('settings', { full: false });
    expect(await finish(run)).toBe(DISKS[1]?.byteLength);
  });

  it('because the datastore is full for a flat disk says so too', async () => {
    await using flat = bench().target({ via: 'datastore' });
    const writer = await flat.begin(await planOf(flat, requestOf(DISKS)), runOf());
    await bench().server.control('settings', { full: true });
    await expect(send(writer, DISKS)).rejects.toMatchObject({ code: 'NO_SPACE' });
    await bench().server.control('settings', { full: false });
    await writer.rollback();
    expect(await bench().objects()).toEqual(before);
  });

  it.each(['write', 'zero'] as const)(
    'because it is cancelled in a %s sends no more zeros',
    async (method) => {
      await using flat = bench().target({ via: 'datastore' });
      const large = new Uint8Array(64 * MIB);
      const writer = await flat.begin(await planOf(flat, requestOf([large])), runOf());
      const disk = writer.disks.get(diskId('disk-0'));
      await disk?.write(0, large.subarray(0, PIECE));
      const stop = new AbortController();
      const call = { signal: stop.signal };
      const last = large.byteLength - PIECE;
      const writing =
        method === 'write'
          ? disk?.write(last, large.subarray(last), call)
          : disk?.zero(PIECE, large.byteLength - PIECE, call);
      stop.abort();
      await expect(writing).rejects.toMatchObject({ code: 'ABORTED' });
      await writer.rollback();
      expect(await bench().objects()).toEqual(before);
    },
  );

  it('between two disks has lost nothing by the end of its session', async () => {
    const writer = await target.begin(plan, runOf());
    await send(writer, DISKS, async (disk, at) => {
      if (disk === 1 && at === 0) await bench().server.control('expire-sessions');
    });
    await bench().server.control('expire-sessions');
    await writer.commit();
    await writer[Symbol.asyncDispose]();
    expect((await bench().content('restored', 1)).equals(Buffer.from(DISKS[1] ?? []))).toBe(true);
  });

  it('does not become a machine while a disk is not whole', async () => {
    const writer = await target.begin(plan, runOf());
    await send(writer, DISKS.slice(0, 1));
    await expect(writer.commit()).rejects.toMatchObject({ code: 'CONFLICT' });
    await writer.rollback();
    expect(await bench().objects()).toEqual(before);
  });

  it('does not replace a machine that runs', async () => {
    const first = await target.begin(plan, runOf());
    await send(first, DISKS);
    await first.commit();
    const again = await planOf(target, { ...requestOf(DISKS), overwrite: true });
    const writer = await target.begin(again, runOf());
    await send(writer, DISKS);
    await bench().power('restored', 'on');
    await expect(writer.commit()).rejects.toMatchObject({ code: 'LOCKED' });
    await bench().power('restored', 'off');
    await writer.commit();
    expect((await bench().machine('restored')).machine.power).toBe('off');
  });
});
