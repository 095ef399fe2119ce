import { readFile, writeFile } from 'node:fs/promises';
import { childOf, childrenOf, textOf } from '@sendense/plugin-kit/xml';
import { describeWithPeers } from '@sendense/tests/peers';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  importMachine,
  listMachines,
  type ManagedObject,
  readProperties,
  runTask,
  uploadDisk,
  vimObject,
} from '../src/index.ts';
import { managedObjectOf } from '../src/soap/read-element.ts';
import { TestMachine } from './support/test-machine.ts';

const STREAM = 'application/x-vnd.vmware-streamVmdk';

const DISK = vimObject(
  [
    ['key', -2],
    [
      'backing',
      vimObject(
        [
          ['fileName', ''],
          ['diskMode', 'persistent'],
        ],
        'VirtualDiskFlatVer2BackingInfo',
      ),
    ],
    ['controllerKey', -1],
    ['unitNumber', 0],
    ['capacityInKB', 1024],
  ],
  'VirtualDisk',
);
const CONTROLLER = vimObject(
  [
    ['key', -1],
    ['busNumber', 0],
    ['sharedBus', 'noSharing'],
  ],
  'ParaVirtualSCSIController',
);
const SPEC = vimObject(
  [
    [
      'configSpec',
      vimObject([
        ['name', 'new-1'],
        ['guestId', 'otherGuest'],
        ['files', vimObject([['vmPathName', '[LocalDS_0]']])],
        ['numCPUs', 1],
        ['memoryMB', 64],
        [
          'deviceChange',
          [
            vimObject([
              ['operation', 'add'],
              ['device', CONTROLLER],
            ]),
            vimObject([
              ['operation', 'add'],
              ['fileOperation', 'create'],
              ['device', DISK],
            ]),
          ],
        ],
      ]),
    ],
  ],
  'VirtualMachineImportSpec',
);

describeWithPeers(['test-vcenter', 'qemu-img'], 'leases of the test vCenter', () => {
  let machine: TestMachine;
  beforeEach(async () => {
    machine = await TestMachine.start();
  });
  afterEach(() => machine[Symbol.asyncDispose]());

  async function lend(method: string, target: ManagedObject, spec?: typeof SPEC): Promise<ManagedObject> {
    const reply = await machine.client.invoke(method, target, spec === undefined ? [] : [['spec', spec]]);
    const lease = managedObjectOf(childOf(reply, 'returnval'));
    if (lease === undefined) throw new Error('no lease');
    return lease;
  }

  /** Waits until a lease is ready, and says where its first disk is. */
  async function ready(lease: ManagedObject): Promise<{ url: string; timeoutSeconds: string | undefined }> {
    for (;;) {
      const properties = { type: 'HttpNfcLease', paths: ['state', 'info'] };
      const [found] = await readProperties(machine.client, [lease], properties);
      const info = found?.values.get('info');
      const [first] = childrenOf(info, 'deviceUrl');
      const url = textOf(first, 'url');
      if (url !== undefined) return { url, timeoutSeconds: textOf(info, 'leaseTimeout') };
    }
  }

  async function pool(): Promise<ManagedObject> {
    const properties = { type: 'VirtualMachine', paths: ['resourcePool'] };
    const [found] = await readProperties(machine.client, [machine.object], properties);
    const object = managedObjectOf(found?.values.get('resourcePool'));
    if (object === undefined) throw new Error('no pool');
    return object;
  }

  async function folderOf(): Promise<ManagedObject> {
    const properties = { type: 'VirtualMachine', paths: ['parent'] };
    const [found] = await readProperties(machine.client, [machine.object], properties);
    const object = managedObjectOf(found?.values.get('parent'));
    if (object === undefined) throw new Error('no folder');
    return object;
  }

  const path = (name: string) => `${machine.server.datastoreDir}/${name}`;

  /** The raw bytes of a VMDK, as qemu-img reads them. */
  async function rawOf(vmdk: Uint8Array): Promise<Buffer> {
    await writeFile(path('stream.vmdk'), vmdk);
    await execa('qemu-img', ['check', '-f', 'vmdk', path('stream.vmdk')]);
    await execa('qemu-img', ['convert', '-f', 'vmdk', '-O', 'raw', path('stream.vmdk'), path('stream.raw')]);
    return readFile(path('stream.raw'));
  }

  it('of a snapshot give its bytes as a stream that qemu-img reads, to a session only', async () => {
    await machine.write(700_000, 200_000);
    const snapshot = await machine.snapshot('a');
    const frozen = await machine.file('app-1/app-1-flat.vmdk');
    await machine.write(0, 100_000);
    const { url } = await ready(await lend('ExportSnapshot', snapshot));
    expect((await machine.fetch(url, { headers: {} })).status).toBe(401);
    const { status, body } = await machine.fetch(url);
    expect(status).toBe(200);
    expect((await rawOf(body)).equals(frozen)).toBe(true);
  });

  it('of a machine are given one at a time, while it is off', async () => {
    const lease = await lend('ExportVm', machine.object);
    const { body } = await machine.fetch((await ready(lease)).url);
    expect((await rawOf(body)).equals(await machine.file('app-1/app-1-flat.vmdk'))).toBe(true);
    const second = () => lend('ExportVm', machine.object);
    await expect(second()).rejects.toMatchObject({ context: { fault: 'TaskInProgress' } });
    await machine.client.invoke('HttpNfcLeaseComplete', lease);
    await machine.power('On');
    await expect(second()).rejects.toMatchObject({ context: { fault: 'InvalidPowerState' } });
  });

  it('end without progress: their transfers break, and they say why', async () => {
    await machine.server.control('settings', { leaseTimeoutSeconds: 60 });
    const lease = await lend('ExportVm', machine.object);
    const { url, timeoutSeconds } = await ready(lease);
    expect(timeoutSeconds).toBe('60');
    await machine.client.invoke('HttpNfcLeaseProgress', lease, [['percent', 5]]);
    expect(await machine.server.control<number>('expire-leases')).toBe(1);
    expect((await machine.fetch(url)).status).toBe(404);
    const late = machine.client.invoke('HttpNfcLeaseProgress', lease, [['percent', 6]]);
    await expect(late).rejects.toMatchObject({ context: { fault: 'Timedout' } });
    const [found] = await readProperties(machine.client, [lease], { type: 'HttpNfcLease', paths: ['state'] });
    expect(found?.values.get('state')?.text).toBe('error');
  });

  it('of an import keep what is uploaded as the disk of the new machine', async () => {
    const exported = await lend('ExportVm', machine.object);
    const { body } = await machine.fetch((await ready(exported)).url);
    const lease = await lend('ImportVApp', await pool(), SPEC);
    const { url } = await ready(lease);
    const flat = await machine.file('app-1/app-1-flat.vmdk');
    const refused = await machine.fetch(url, { method: 'POST', body: flat, type: STREAM });
    expect([refused.status, refused.body.toString()]).toEqual([
      500,
      'only streamOptimized VMDKs are taken\n',
    ]);
    const wrongType = await machine.fetch(url, { method: 'POST', body, type: 'application/octet-stream' });
    expect(wrongType.status).toBe(415);
    const strangers = await machine.fetch(url, { method: 'POST', headers: {}, body, type: STREAM });
    expect(strangers.status).toBe(401);
    const elsewhere = url.replace(/[^/]+$/, 'other.vmdk');
    expect((await machine.fetch(elsewhere, { method: 'POST', body, type: STREAM })).status).toBe(404);
    expect((await machine.fetch(url, { method: 'POST', body, type: STREAM })).status).toBe(200);
    await machine.client.invoke('HttpNfcLeaseComplete', lease);
    expect((await machine.file('new-1/new-1-flat.vmdk')).equals(flat)).toBe(true);
  });

  it('of an export take nothing', async () => {
    const { url } = await ready(await lend('ExportVm', machine.object));
    const body = new Uint8Array(512);
    expect((await machine.fetch(url, { method: 'POST', body, type: STREAM })).status).toBe(405);
  });

  it('keep their machine from being removed, and let it go when they end', async () => {
    const lease = await lend('ImportVApp', await pool(), SPEC);
    await ready(lease);
    const made = (await listMachines(machine.client)).find(({ name }) => name === 'new-1');
    const object = made?.object ?? { type: '', id: '' };
    const refused = { context: { fault: 'TaskInProgress' } };
    await expect(runTask(machine.client, 'Destroy_Task', object, [])).rejects.toMatchObject(refused);
    await expect(machine.client.invoke('UnregisterVM', object)).rejects.toMatchObject(refused);
    const exported = await lend('ExportVm', machine.object);
    await expect(runTask(machine.client, 'Destroy_Task', machine.object, [])).rejects.toMatchObject(refused);
    await machine.client.invoke('HttpNfcLeaseComplete', exported);
    await machine.client.invoke('HttpNfcLeaseComplete', lease);
    await runTask(machine.client, 'Destroy_Task', object, []);
    expect((await listMachines(machine.client)).map(({ name }) => name)).toEqual(['app-1']);
  });

  it('of an import are those of the host where it is wanted, which is never shown the session', async () => {
    const { body } = await machine.fetch((await ready(await lend('ExportVm', machine.object))).url);
    await machine.server.control('settings', { leasesAtHost: true });
    const shown = await ready(await lend('ImportVApp', await pool(), SPEC));
    expect(new URL(shown.url).hostname).toBe('localhost');
    expect((await machine.fetch(shown.url, { method: 'POST', body, type: STREAM })).status).toBe(400);
    await machine.server.control('expire-leases');
    // the client trusts the host by the certificate that the lease names
    const folder = await folderOf();
    const request = { spec: SPEC, pool: await pool(), folder, host: undefined };
    const imported = await importMachine(machine.client, request);
    const [device] = imported.lease.devices.filter(({ isDisk }) => isDisk);
    if (device === undefined) throw new Error('the lease has no disk');
    expect([device.url.hostname, device.thumbprint]).toEqual([
      'localhost',
      expect.stringMatching(/^[0-9A-F:]{59}$/),
    ]);
    const upload = uploadDisk(machine.client, imported, device, 'disk');
    await upload.send(body);
    await upload.finish();
    await imported.lease.complete();
    expect(await machine.file('new-1/new-1-flat.vmdk')).toEqual(await machine.file('app-1/app-1-flat.vmdk'));
  });

  it('of an import that is given up leave no machine', async () => {
    const lease = await lend('ImportVApp', await pool(), SPEC);
    await ready(lease);
    expect(await listMachines(machine.client)).toHaveLength(2);
    await machine.client.invoke('HttpNfcLeaseAbort', lease);
    expect((await listMachines(machine.client)).map(({ name }) => name)).toEqual(['app-1']);
  });
});
