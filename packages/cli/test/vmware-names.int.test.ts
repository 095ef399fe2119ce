import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@sendense/core';
import {
  connectVim,
  describeMachine,
  listMachines,
  listObjects,
  type ManagedObject,
  runTask,
  type VimClient,
  type VimObject,
  vimObject,
} from '@sendense/platform-vmware';
import { describeWithPeers } from '@sendense/tests/peers';
import { startTestVcenter, type TestVcenter } from '@sendense/tests/vmware';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ctlJson } from './run-ctl.ts';

type Vm = {
  readonly name: string;
  readonly path: string;
  readonly source: string;
  readonly moref: string;
  readonly uuid: string;
  readonly biosUuid: string;
  readonly machine: string;
  readonly disks: readonly object[];
};

const NOTHING: ManagedObject = { type: '', id: '' };

function added(device: VimObject, fileOperation?: string): VimObject {
  return vimObject([
    ['operation', 'add'],
    ['fileOperation', fileOperation],
    ['device', device],
  ]);
}

function controller(): VimObject {
  return vimObject(
    [
      ['key', -101],
      ['busNumber', 0],
      ['sharedBus', 'noSharing'],
    ],
    'ParaVirtualSCSIController',
  );
}

function disk(unit: number, diskMode: string): VimObject {
  const backing = vimObject(
    [
      ['fileName', ''],
      ['diskMode', diskMode],
    ],
    'VirtualDiskFlatVer2BackingInfo',
  );
  return vimObject(
    [
      ['key', -200 - unit],
      ['backing', backing],
      ['controllerKey', -101],
      ['unitNumber', unit],
      ['capacityInKB', 1024],
    ],
    'VirtualDisk',
  );
}

describeWithPeers(['test-vcenter'], 'machines of a vCenter', () => {
  let server: TestVcenter;
  let operator: VimClient;
  let home: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    server = await startTestVcenter({ machines: 2 });
    home = await mkdtemp(join(tmpdir(), 'sendense-names-'));
    const { url: address, user, password, caFile } = server;
    const caPem = await readFile(caFile, 'utf8');
    operator = await connectVim({ address, user, password: new Secret(password), caPem });
    env = {
      SENDENSE_VMWARE_USER: user,
      SENDENSE_VMWARE_PASSWORD: password,
      SENDENSE_VMWARE_CA_FILE: caFile,
    };
    await ctlJson(home, ['repository', 'init', '--repository', 'backups']);
    await makeTwin();
  });
  afterAll(async () => {
    await operator[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  });

  /** A second machine of the name app-1, in a folder of its own; one of its disks is independent. */
  async function makeTwin(): Promise<void> {
    const model = (await listMachines(operator)).find(({ name }) => name === 'app-1');
    const { machine: like } = await describeMachine(operator, model?.object ?? NOTHING);
    await operator.invoke('CreateFolder', like.folder ?? NOTHING, [['name', 'second row']]);
    const folders = await listObjects(operator, operator.content.rootFolder, {
      type: 'Folder',
      paths: ['name'],
    });
    const folder = folders.find(({ values }) => values.get('name')?.text === 'second row')?.object;
    const config = vimObject([
      ['name', 'app-1'],
      ['guestId', 'ubuntu64Guest'],
      ['files', vimObject([['vmPathName', '[LocalDS_0] twin/twin.vmx']])],
      [
        'deviceChange',
        [
          added(controller()),
          added(disk(0, 'persistent'), 'create'),
          added(disk(1, 'independent_persistent'), 'create'),
        ],
      ],
    ]);
    await runTask(operator, 'CreateVM_Task', folder ?? NOTHING, [
      ['config', config],
      ['pool', like.pool],
    ]);
  }

  const host = () => server.url.replace('https://', '');
  const list = async (...flags: string[]) =>
    (await ctlJson(home, ['vmware', 'vms', '--server', host(), ...flags], 0, env)) as {
      readonly machines: readonly Vm[];
    };
  const plan = (source: string, code = 0, ...flags: string[]) =>
    ctlJson(
      home,
      ['backup', 'start', '--source', source, '--repository', 'backups', '--dry-run', ...flags],
      code,
      env,
    );

  it('are listed with their disks, their tracking and what a backup leaves out', async () => {
    const { machines, ...rest } = await list();
    expect(rest).toMatchObject({ server: { host: host(), kind: 'vcenter' }, failures: [] });
    expect(machines.map(({ path }) => path).toSorted()).toEqual([
      'DC0/vm/DC0_C0_RP0_VM0',
      'DC0/vm/DC0_C0_RP0_VM1',
      'DC0/vm/DC0_H0_VM0',
      'DC0/vm/DC0_H0_VM1',
      'DC0/vm/app-1',
      'DC0/vm/second row/app-1',
    ]);
    const [first, twin] = machines.filter(({ name }) => name === 'app-1');
    expect(first).toMatchObject({
      source: `vmware://${host()}/DC0/vm/app-1`,
      power: 'off',
      template: false,
      changeTracking: { supported: true, enabled: false },
      snapshots: 0,
      skipped: null,
      disks: [
        { sizeBytes: 2 ** 20, skipped: null },
        { sizeBytes: 2 * 2 ** 20, skipped: null },
        { sizeBytes: 3 * 2 ** 20, skipped: null },
      ],
    });
    expect(twin).toMatchObject({
      source: `vmware://${host()}/DC0/vm/second%20row/app-1`,
      skipped: null,
      disks: [
        { sizeBytes: 2 ** 20, skipped: null },
        { sizeBytes: 2 ** 20, skipped: expect.stringContaining('independent') as string },
      ],
    });
  });

  it('are refused by a name that two of them bear, and the error tells both', async () => {
    const { machines } = await list('--machine', 'app-1');
    expect(machines).toHaveLength(2);
    const { error } = (await plan(`vmware://${host()}/app-1`, 2)) as { error: Record<string, string> };
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('app-1') as string,
    });
    for (const { path, moref, uuid } of machines)
      for (const told of [path, moref, uuid]) expect(error.remedy).toContain(told);
  });

  it('are found by path, the end of a path, object id, UUIDs, key, datacenter and datastore', async () => {
    const { machines } = await list('--machine', 'app-1');
    const [first] = machines;
    if (first === undefined) throw new Error('no machine');
    const called = [first.path, `/${first.path}`, first.moref, first.uuid, first.biosUuid, first.machine];
    for (const name of called)
      expect(await plan(`vmware://${host()}/${name}`), name).toMatchObject({ machine: first.machine });
    expect(await plan(`vmware://${host()}`, 0, '--machine', first.moref)).toMatchObject({
      machine: first.machine,
    });
    const only = 'DC0_H0_VM1';
    for (const name of [`${only}?dc=DC0`, `${only}?dc=/DC0&ds=LocalDS_0`])
      expect(await plan(`vmware://${host()}/${name}`), name).toMatchObject({ machineName: only });
    for (const name of ['nobody', `${only}?dc=DC1`, `${only}?ds=LocalDS_9`, 'third row/app-1'])
      expect(await plan(`vmware://${host()}/${name}`, 1), name).toMatchObject({
        error: { code: 'NOT_FOUND' },
      });
    expect(await plan(`vmware://${host()}/second row/app-1`)).toMatchObject({
      machine: machines[1]?.machine,
      skipped: [{ reason: expect.stringContaining('independent') as string }],
    });
  });

  it('are never guessed where a server has several', async () => {
    expect(await plan(`vmware://${host()}`, 2)).toMatchObject({
      error: { code: 'CONFIG_INVALID', message: expect.stringContaining('6 machines') as string },
    });
  });
});
