import { guardSource } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { Guest, receive, requestOf, round } from './guest.ts';
import { useBench, type VcenterBench } from './vcenter-bench.ts';

const MIB = 2 ** 20;

describeWithPeers(['test-vcenter'], 'machines on vSAN, whose disks have no files', () => {
  const opened = useBench();
  let bench: VcenterBench;
  beforeAll(async () => {
    bench = opened();
    await bench.server.control('datastore-type', { type: 'vsan' });
  });
  afterEach(async () => {
    await bench.server.control('settings', {
      leasesAtHost: false,
      exportReplyMs: 0,
      leaseTimeoutSeconds: 300,
    });
    await bench.server.control('transfer-faults', {});
  });

  async function guestWithData(): Promise<Guest> {
    const guest = await Guest.boot(bench, [3 * MIB, MIB + 512]);
    await guest.write(0, 0, MIB);
    await guest.write(0, 2 * MIB + 1000, 5000);
    await guest.write(1, MIB, 512);
    return guest;
  }

  it('are backed up by export leases: a full, and increments that are transferred whole and delivered small', async () => {
    const guest = await guestWithData();
    await using source = bench.source();
    const first = await round(source, guest, undefined, async ({ disks, findings }) => {
      expect(disks.map(({ reader }) => reader.limits.order)).toEqual(['ascending', 'ascending']);
      const ways = findings.filter(({ code }) => code.startsWith('transport'));
      expect(ways.map(({ code, severity }) => `${code} ${severity}`)).toEqual([
        'transport info',
        'transport-refused info',
        'transport info',
        'transport-refused info',
      ]);
      expect(ways[0]?.message).toContain('(lease)');
      expect(ways[1]?.message).toContain('vsan');
    });
    expect(first.disks).toEqual(guest.now());
    await guest.write(0, 2 * MIB, 4096);
    await bench.server.control('transfer-count');
    const plan = await source.plan(requestOf(guest.machine, { since: [first.state] }));
    expect(plan.disks.map(({ readBytes }) => readBytes)).toEqual([3 * MIB, MIB + 512]);
    const second = await round(source, guest, first);
    expect([second.disks, second.reasons]).toEqual([guest.now(), [null, null]]);
    expect(await bench.snapshots(guest.machine)).toEqual([]);
  });

  it('are read from the host that the lease names, by the certificate that vCenter vouches for, without the session', async () => {
    const guest = await guestWithData();
    await using source = bench.source();
    await bench.server.control('settings', { leasesAtHost: true });
    expect((await round(source, guest)).disks).toEqual(guest.now());
  });

  it('are read from the address that the host is reached by', async () => {
    const guest = await guestWithData();
    await bench.server.control('settings', { leasesAtHost: true });
    const { port } = new URL(bench.server.url);
    // nobody listens there: that it is asked shows in the error alone
    await using nowhere = guardSource(bench.source({ hostAddresses: { localhost: `127.0.0.2:${port}` } }));
    await using capture = await nowhere.capture(requestOf(guest.machine));
    await expect(receive(capture)).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      message: expect.stringContaining(`127.0.0.2:${port}`),
    });
    await capture[Symbol.asyncDispose]();
    await using source = bench.source({ hostAddresses: { localhost: '127.0.0.1' } });
    expect((await round(source, guest)).disks).toEqual(guest.now());
  });

  it('keep neither lease nor snapshot when a backup is cancelled while the server makes the lease', async () => {
    const guest = await guestWithData();
    await using source = guardSource(bench.source());
    await bench.server.control('settings', { exportReplyMs: 1000 });
    const cancel = new AbortController();
    const call = { signal: cancel.signal };
    const failed = source.capture(requestOf(guest.machine), call).catch((error: unknown) => error);
    await expect.poll(() => bench.server.control<number>('count-leases')).toBe(1);
    cancel.abort();
    expect(await failed).toMatchObject({ code: 'ABORTED', effect: 'none' });
    expect(await bench.server.control<number>('count-leases')).toBe(0);
    expect(await bench.snapshots(guest.machine)).toEqual([]);
  });

  it('are read on after a stream breaks', async () => {
    const guest = await guestWithData();
    await using source = guardSource(bench.source());
    await using capture = await source.capture(requestOf(guest.machine));
    await bench.server.control('transfer-faults', { drops: 2, dropAfterBytes: 300_000 });
    expect(await receive(capture)).toEqual(guest.now());
    expect(await capture.seal()).not.toBeNull();
  });

  it('whose lease is lost while they are read are not backed up, and the next backup is whole', async () => {
    const guest = await guestWithData();
    await using source = guardSource(bench.source());
    {
      await using capture = await source.capture(requestOf(guest.machine));
      await bench.server.control('transfer-faults', { bytesPerSecond: 200_000 });
      const { reader } = capture.disks[0] ?? { reader: undefined };
      await reader?.read(0, Buffer.alloc(512));
      expect(await bench.server.control<number>('expire-leases')).toBe(1);
      const rest = reader?.read(2 * MIB, Buffer.alloc(512));
      await expect(rest).rejects.toMatchObject({ code: 'EXPIRED', remedy: expect.any(String) });
      await bench.server.control('transfer-faults', {});
    }
    expect(await bench.snapshots(guest.machine)).toEqual([]);
    expect((await round(source, guest)).disks).toEqual(guest.now());
  });

  it('keep a lease that is slower than its time-out', async () => {
    const guest = await guestWithData();
    await bench.server.control('settings', { leaseTimeoutSeconds: 1 });
    await bench.server.control('transfer-faults', { bytesPerSecond: 400_000 });
    await using source = bench.source();
    expect((await round(source, guest)).disks).toEqual(guest.now());
  });

  it('leave no lease behind when a backup is given up: the next one has its own', async () => {
    const guest = await guestWithData();
    await using source = guardSource(bench.source());
    {
      await using capture = await source.capture(requestOf(guest.machine));
      await capture.disks[0]?.reader.read(0, Buffer.alloc(512));
    }
    expect(await bench.server.control<number>('expire-leases')).toBe(0);
    expect((await round(source, guest)).disks).toEqual(guest.now());
  });

  it('are refused where only files may be read', async () => {
    const guest = await guestWithData();
    await using source = guardSource(bench.source({ transport: 'datastore' }));
    await expect(source.capture(requestOf(guest.machine))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(await bench.snapshots(guest.machine)).toEqual([]);
  });
});

describeWithPeers(['test-vcenter'], 'machines whose files the user may not read', () => {
  const opened = useBench();

  it('are read by a lease, and it is told which right is missing', async () => {
    const bench = opened();
    const guest = await Guest.boot(bench, [MIB]);
    await guest.write(0, 4096, 100_000);
    await bench.server.control('settings', { foldersRefused: true });
    await using source = bench.source();
    const { disks } = await round(source, guest, undefined, async ({ findings }) => {
      const refused = findings.find(({ code }) => code === 'transport-refused');
      expect(refused).toMatchObject({ severity: 'warning' });
    });
    expect(disks).toEqual(guest.now());
  });
});
