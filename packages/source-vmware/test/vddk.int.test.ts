import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNbdDriver } from '@sendense/blockio-nbd';
import { guardSource } from '@sendense/core';
import { collect } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BACKUP_RIGHTS } from './backup-rights.ts';
import { Guest, receive, requestOf, round } from './guest.ts';
import { nbdkitStandIn } from './nbdkit-stand-in.ts';
import { useBench, type VcenterBench } from './vcenter-bench.ts';

const MIB = 2 ** 20;
const SHA1 = 'AA:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22';

describeWithPeers(['test-vcenter', 'nbdkit'], 'machines that are read by VDDK in nbdkit', () => {
  const opened = useBench();
  let bench: VcenterBench;
  let folder: string;
  beforeAll(async () => {
    bench = opened();
    folder = await mkdtemp(join(tmpdir(), 'sendense-vddk-test-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function guestWithData(): Promise<Guest> {
    const guest = await Guest.boot(bench, [MIB]);
    await guest.write(0, 4096, 300_000);
    return guest;
  }

  /** A source that reads by a plugin which serves the file of the first disk of `guest`. */
  async function sourceOf(
    guest: Guest,
    wishes: { readonly refuses?: boolean; readonly password?: string } = {},
  ) {
    const [disk] = await bench.server.control<readonly { guestFile: string }[]>('disks', {
      machine: guest.machine.name,
    });
    const standIn = await nbdkitStandIn({
      image: disk?.guestFile ?? '',
      password: bench.server.password,
      ...wishes,
    });
    const vddk = { libdir: '/opt/vddk', nbdkit: standIn.program, thumbprint: SHA1, transports: 'nbdssl:nbd' };
    const services = { drivers: [createNbdDriver()], temporaryDirectory: folder };
    return {
      standIn,
      open: (options = {}) => bench.source({ transport: 'vddk', vddk, ...options }, services),
    };
  }

  it('are backed up by ranges: a full and an increment, and nbdkit and its files are gone after it', async () => {
    const guest = await guestWithData();
    const { standIn, open } = await sourceOf(guest);
    await using _ = standIn;
    await using source = open();
    const first = await round(source, guest, undefined, async ({ findings, disks }) => {
      expect(findings.find(({ code }) => code === 'transport')?.message).toContain('(vddk)');
      expect(disks[0]?.reader.limits.order).toBe('random');
    });
    expect(first.disks).toEqual(guest.now());
    await guest.write(0, 900_000, 5000);
    const second = await round(source, guest, first);
    expect([second.disks, second.reasons]).toEqual([guest.now(), [null]]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('are backed up by a user without rights to files and leases: what VDDK itself asks for is not known', async () => {
    const guest = await guestWithData();
    const { standIn, open } = await sourceOf(guest);
    await using _ = standIn;
    await using source = open();
    await bench.server.control('settings', { privileges: BACKUP_RIGHTS });
    try {
      const first = await round(source, guest);
      await guest.write(0, 700_000, 5000);
      const second = await round(source, guest, first);
      expect([second.disks, second.reasons]).toEqual([guest.now(), [null]]);
    } finally {
      await bench.server.control('settings', { privileges: [] });
    }
  });

  it('are named to the plugin by machine, snapshot and certificate, and the password is in no argument or environment', async () => {
    const guest = await guestWithData();
    const { standIn, open } = await sourceOf(guest);
    await using _ = standIn;
    await using source = guardSource(open());
    await using capture = await source.capture(requestOf(guest.machine));
    expect(await receive(capture)).toEqual(guest.now());
    const { args, environment } = await standIn.seen();
    const { hostname, port } = new URL(bench.server.url);
    const plugin = args.slice(args.indexOf('vddk') + 1);
    expect(plugin).toEqual([
      'libdir=/opt/vddk',
      `server=${hostname}`,
      `port=${port}`,
      `user=${bench.server.user}`,
      'password=-3',
      `thumbprint=${SHA1.toLowerCase()}`,
      `vm=moref=${guest.machine.object.id}`,
      expect.stringMatching(/^snapshot=snapshot-\d+$/),
      'transports=nbdssl:nbd',
      expect.stringMatching(/^\[LocalDS_0\] bench-\d+\/\S+\.vmdk$/),
    ]);
    expect(args).toEqual(expect.arrayContaining(['--readonly', '--exit-with-parent', '--foreground']));
    expect(environment).toContain('LD_LIBRARY_PATH=/opt/vddk/lib64\n');
    expect([...args, environment].join('\n')).not.toContain(bench.server.password);
    expect(process.env.LD_LIBRARY_PATH).toBeUndefined();
    // a process that is killed leaves this folder, and no password in it
    const [run = ''] = await readdir(folder);
    expect((await readdir(join(folder, run))).toSorted()).toEqual(['nbd', 'pid']);
  });

  it('are read where the plugin calls them holes: that is not proven to be zeros', async () => {
    const guest = await guestWithData();
    const { standIn, open } = await sourceOf(guest);
    await using _ = standIn;
    await using source = guardSource(open());
    await using capture = await source.capture(requestOf(guest.machine));
    const all = { offset: 0, length: MIB };
    for (const { reader } of capture.disks)
      expect(await collect(reader.extents(all))).toEqual([{ ...all, kind: 'data' }]);
    expect(await receive(capture)).toEqual(guest.now());
  });

  it.each([
    ['that refuses its parameters', { password: 'another' }, 'CONFIG_INVALID', 'the password is wrong'],
    ['that cannot open the disk', { refuses: true }, undefined, undefined],
  ])('by a plugin %s are not backed up, and nothing is left', async (_what, wishes, code, said) => {
    const guest = await guestWithData();
    const { standIn, open } = await sourceOf(guest, wishes);
    await using _ = standIn;
    await using source = guardSource(open());
    const refused = source.capture(requestOf(guest.machine));
    await expect(refused).rejects.toMatchObject({
      ...(code === undefined ? {} : { code }),
      ...(said === undefined ? {} : { message: expect.stringContaining(said) }),
    });
    expect([await readdir(folder), await bench.snapshots(guest.machine)]).toEqual([[], []]);
  });

  it('are read by a lease where VDDK fails and the datastore has no files, and both reasons are told', async () => {
    const guest = await guestWithData();
    await bench.server.control('datastore-type', { type: 'vsan' });
    const { standIn, open } = await sourceOf(guest, { password: 'another' });
    await using _ = standIn;
    await using source = open({ transport: 'auto' });
    const { disks } = await round(source, guest, undefined, async ({ findings }) => {
      const ways = findings.filter(({ code }) => code.startsWith('transport'));
      expect(ways.map(({ message }) => /\((\w+)\)/.exec(message)?.[1])).toEqual([
        'lease',
        'datastore',
        'vddk',
      ]);
    });
    expect(disks).toEqual(guest.now());
    await bench.server.control('datastore-type', { type: 'VMFS' });
  });
});
