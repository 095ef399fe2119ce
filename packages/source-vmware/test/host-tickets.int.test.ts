import { guardSource } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, expect, it } from 'vitest';
import { Guest, receive, requestOf, round } from './guest.ts';
import { hostAddresses, useBench } from './vcenter-bench.ts';

const MIB = 2 ** 20;

describeWithPeers(['test-vcenter'], 'machines that are read from their host by tickets', () => {
  const opened = useBench();
  afterEach(() => opened().server.control('settings', { foldersRefused: false }));

  /** The host is reached by `address`, or as it can be. */
  function sourceAt(address?: string) {
    return opened().source({ transport: 'host', hostAddresses: hostAddresses(opened(), address) });
  }

  async function guestWithData(): Promise<Guest> {
    const guest = await Guest.boot(opened(), [2 * MIB]);
    await guest.write(0, 100_000, MIB);
    return guest;
  }

  it('are backed up without the files of the vCenter: a full and an increment', async () => {
    const guest = await guestWithData();
    await opened().server.control('settings', { foldersRefused: true });
    await using source = sourceAt();
    const first = await round(source, guest, undefined, async ({ findings }) => {
      expect(findings.filter(({ code }) => code.startsWith('transport'))).toMatchObject([
        { severity: 'info', message: expect.stringContaining('(host)') },
      ]);
    });
    expect(first.disks).toEqual(guest.now());
    await guest.write(0, 0, 512);
    expect((await round(source, guest, first)).disks).toEqual(guest.now());
  });

  it('are read again by new tickets when a reply breaks', async () => {
    const guest = await guestWithData();
    await using source = guardSource(sourceAt());
    await using capture = await source.capture(requestOf(guest.machine));
    await opened().server.control('transfer-faults', { unavailable: 1, drops: 2, dropAfterBytes: 70_000 });
    expect(await receive(capture)).toEqual(guest.now());
  });

  it('are read from the vCenter where the host is not reached, and it is told why', async () => {
    const guest = await guestWithData();
    await using source = sourceAt('localhost:9');
    const { disks } = await round(source, guest, undefined, async ({ findings }) => {
      const ways = findings.filter(({ code }) => code.startsWith('transport'));
      expect(ways.map(({ severity, message }) => [severity, /\((\w+)\)/.exec(message)?.[1]])).toEqual([
        ['info', 'datastore'],
        ['warning', 'host'],
      ]);
    });
    expect(disks).toEqual(guest.now());
  });
});
