import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHostFiles, exportSnapshot } from '../src/index.ts';
import { TestMachine } from './support/test-machine.ts';

const WRONG = '00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33';

describeWithPeers(['test-vcenter'], 'hosts that a vCenter names', () => {
  let machine: TestMachine;
  let address: string;
  beforeAll(async () => {
    machine = await TestMachine.start();
    address = `localhost:${new URL(machine.server.url).port}`;
  });
  afterAll(() => machine[Symbol.asyncDispose]());

  it('are trusted by the certificate that it vouches for, and by no other', async () => {
    const url = new URL(`https://${address}/nfc/none/disk.vmdk`);
    const ask = (thumbprint: string) => machine.client.openStream({ url, name: 'a disk', thumbprint });
    expect((await ask(machine.server.thumbprint)).status).toBe(404);
    await expect(ask(WRONG)).rejects.toMatchObject({ code: 'UNTRUSTED_PEER' });
  });

  it('are asked over TLS only', async () => {
    const url = new URL(`http://${address}/nfc/none/disk.vmdk`);
    const asked = machine.client.openStream({ url, name: 'a disk', thumbprint: undefined });
    await expect(asked).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  });

  it('give parts of files to tickets, one for each, and never see the session', async () => {
    const files = createHostFiles(machine.client, { address, thumbprint: WRONG });
    const flat = { datastore: 'LocalDS_0', path: 'app-1/app-1-flat.vmdk', datacenter: 'DC0' };
    // the ticket names the certificate; what was known of the host before is older
    const into = Buffer.alloc(4096);
    await files.read(flat, 512, into);
    await files.read(flat, 512, into);
    expect(into.equals((await machine.file('app-1/app-1-flat.vmdk')).subarray(512, 4608))).toBe(true);
    expect(await files.size(flat)).toBe(2 ** 20);
    const gone = files.read({ ...flat, path: 'app-1/none.vmdk' }, 0, into);
    await expect(gone).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('give the disks of a lease, by their places in the machine', async () => {
    const snapshot = await machine.snapshot('leased');
    await machine.server.control('settings', { leasesAtHost: true });
    const lease = await exportSnapshot(machine.client, snapshot);
    const [disk] = lease.devices.filter(({ isDisk }) => isDisk);
    expect(disk?.key).toMatch(/^\/vm-\d+\/ParaVirtualSCSIController0:0$/);
    expect([disk?.url.hostname, disk?.thumbprint]).toEqual([
      'localhost',
      expect.stringMatching(/^(\w\w:){19}\w\w$/),
    ]);
    const second = exportSnapshot(machine.client, snapshot);
    await expect(second).rejects.toMatchObject({ code: 'LOCKED' });
    await lease.complete();
    await (await exportSnapshot(machine.client, snapshot)).abort();
    expect(await machine.server.control<number>('expire-leases')).toBe(0);
  });
});
