import { machineSpecSchema } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { startTestVcenter, type TestVcenter } from '@sendense/tests/vmware';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  connectVim,
  createSnapshot,
  describeMachine,
  listMachines,
  type ManagedObject,
  machineSpecOf,
  readSnapshotDisks,
  removeSnapshot,
  runTask,
  type VimClient,
} from '../src/index.ts';
import { optionsOf } from './support/test-client.ts';

describeWithPeers(['test-vcenter'], 'machines of the simulated vCenter', () => {
  let server: TestVcenter;
  let client: VimClient;
  beforeAll(async () => {
    server = await startTestVcenter();
    client = await connectVim(await optionsOf(server));
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  async function machineNamed(name: string): Promise<ManagedObject> {
    const found = (await listMachines(client)).find((machine) => machine.name === name);
    if (found === undefined) throw new Error(`no machine ${name}`);
    return found.object;
  }

  it('are listed by name with their power', async () => {
    expect((await listMachines(client)).map(({ name, power }) => [name, power])).toEqual([
      ['DC0_C0_RP0_VM0', 'on'],
      ['DC0_C0_RP0_VM1', 'on'],
      ['DC0_H0_VM0', 'on'],
      ['DC0_H0_VM1', 'on'],
      ['app-1', 'off'],
    ]);
  });

  it('become neutral machines: disks by controller, firmware, processors, TPM and place', async () => {
    const { machine, names } = await describeMachine(client, await machineNamed('app-1'));
    const spec = machineSpecOf(machine, names);
    expect(machineSpecSchema.parse(spec)).toEqual(spec);
    expect(spec).toMatchObject({
      name: 'app-1',
      platform: 'vmware',
      firmware: 'uefi-secure',
      architecture: 'x86_64',
      guest: { family: 'linux' },
      cpu: { sockets: 2, coresPerSocket: 2, threadsPerCore: 1 },
      memoryBytes: 256 * 2 ** 20,
      tpm: true,
      placement: { folder: 'DC0/vm', pool: 'DC0/host/DC0_C0/Resources', datastore: 'LocalDS_0' },
    });
    expect(
      spec.disks.map(({ slot, sizeBytes }) => [slot.bus, slot.controller, slot.unit, sizeBytes]),
    ).toEqual([
      ['scsi', 0, 0, 2 ** 20],
      ['scsi', 0, 1, 2 * 2 ** 20],
      ['scsi', 1, 0, 3 * 2 ** 20],
    ]);
  });

  it('tell their network cards and networks by name', async () => {
    const { machine, names } = await describeMachine(client, await machineNamed('DC0_H0_VM0'));
    expect(machineSpecOf(machine, names)).toMatchObject({
      placement: { host: 'DC0_H0' },
      nics: [{ network: 'DC0_DVPG0', macAddress: expect.stringMatching(/^00:0c:29:/) }],
    });
  });

  it('have snapshots taken and removed by tasks, and removing one twice does no harm', async () => {
    const machine = await machineNamed('DC0_H0_VM0');
    const request = { name: 'sendense-test', description: 'a <test> & more', quiesce: false };
    const { disks } = (await describeMachine(client, machine)).machine;
    const snapshot = await createSnapshot(client, machine, request);
    expect(snapshot.type).toBe('VirtualMachineSnapshot');
    expect((await describeMachine(client, machine)).machine.snapshots.current).toEqual(snapshot);
    expect(await readSnapshotDisks(client, snapshot)).toEqual(disks);
    await removeSnapshot(client, snapshot);
    expect((await describeMachine(client, machine)).machine.snapshots.current).toBeUndefined();
    await removeSnapshot(client, snapshot);
  });

  it('take several tasks at once, each of which gets its own end', async () => {
    const machines = (await listMachines(client)).filter(({ power }) => power === 'on');
    const request = { name: 'at-once', description: '', quiesce: false };
    const snapshots = await Promise.all(
      machines.map(async ({ object }) => createSnapshot(client, object, request)),
    );
    expect(new Set(snapshots.map(({ id }) => id)).size).toBe(machines.length);
    await Promise.all(snapshots.map(async (snapshot) => removeSnapshot(client, snapshot)));
  });

  it('have change tracking switched on by a specification', async () => {
    const machine = await machineNamed('app-1');
    const spec = { fields: [['changeTrackingEnabled', true]] } as const;
    await runTask(client, 'ReconfigVM_Task', machine, [['spec', spec]]);
    const { changeTracking } = (await describeMachine(client, machine)).machine;
    expect(changeTracking).toEqual({ supported: true, enabled: true });
  });

  it('answer with faults that name themselves, at the call and at the end of a task', async () => {
    const running = await machineNamed('DC0_H0_VM0');
    await expect(runTask(client, 'PowerOnVM_Task', running, [])).rejects.toMatchObject({
      code: 'CONFLICT',
      context: { fault: 'InvalidPowerState', method: 'PowerOnVM_Task' },
    });
    const gone = { type: 'VirtualMachine', id: 'vm-99999' };
    await expect(describeMachine(client, gone)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      context: { fault: 'ManagedObjectNotFound' },
    });
    await expect(client.invoke('MountToolsInstaller', running)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      context: { fault: 'MethodNotFound' },
    });
  });

  it('are not asked for when the caller has cancelled', async () => {
    const call = { signal: AbortSignal.abort() };
    await expect(listMachines(client, call)).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
