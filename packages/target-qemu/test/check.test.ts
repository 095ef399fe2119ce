import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Artifact, diskId, guardTarget, type MachineSpec, type RestoreRequest } from '@sendense/core';
import { type Domain, parseDomain } from '@sendense/platform-kvm/domain';
import { createQemuTarget, type QemuTargetOptions } from '@sendense/target-qemu';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeLibvirt, type FakeOffer } from './fake-libvirt.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-target-'));
});
afterEach(() => rm(folder, { recursive: true }));

type Bus = RestoreRequest['disks'][number]['slot']['bus'];
type Asked = {
  readonly options?: Partial<QemuTargetOptions>;
  readonly offer?: FakeOffer;
  readonly spec?: Partial<MachineSpec>;
  readonly buses?: readonly Bus[];
  readonly request?: Partial<RestoreRequest>;
};

const artifact = (name: Artifact['name'], text = 'x'): Artifact => {
  const bytes = new TextEncoder().encode(text);
  return { name, sensitive: false, sizeBytes: bytes.length, bytes: async () => bytes };
};

const target = ({ options = {}, offer = {} }: Asked, libvirt = new FakeLibvirt(offer)) =>
  guardTarget(createQemuTarget({ name: 'web', folder, ...options }, { virsh: libvirt.open() }));

function requestOf({ buses = ['virtio'], spec = {}, request = {} }: Asked): RestoreRequest {
  const disks = buses.map((bus, number) => {
    const slot = { bus, controller: 0, unit: number };
    return { id: diskId(`d${number}`), number, slot, sizeBytes: 1024 * 1024, sectorBytes: 512 as const };
  });
  return {
    spec: {
      schema: 1,
      name: 'old',
      platform: 'libvirt',
      firmware: 'bios',
      architecture: 'x86_64',
      disks: disks.map(({ number: _number, ...disk }) => disk),
      nics: [],
      ...spec,
    },
    disks,
    into: 'new-machine',
    overwrite: false,
    start: false,
    options: {},
    ...request,
  };
}

/** What `check` says, in short, and the domain it plans. */
async function ask(asked: Asked): Promise<{
  readonly said: readonly string[];
  readonly became: Readonly<Record<string, string>>;
  readonly domain: Domain | undefined;
}> {
  const report = await target(asked).check(requestOf(asked));
  const xml: unknown = JSON.parse(JSON.stringify(report.plan?.options ?? {})).domain?.xml;
  const changed = report.properties.filter(({ outcome }) => outcome !== 'kept');
  return {
    said: report.findings.map(({ severity, code }) => `${severity}: ${code}`),
    became: Object.fromEntries(changed.map(({ property, outcome, to }) => [property, to ?? outcome])),
    domain: typeof xml === 'string' ? parseDomain(xml) : undefined,
  };
}

describe('a machine that fits', () => {
  it('keeps all but its name, and loses nothing', async () => {
    const { said, became, domain } = await ask({
      spec: {
        memoryBytes: 2 ** 30,
        cpu: { sockets: 1, coresPerSocket: 4, threadsPerCore: 1 },
        nics: [{ macAddress: '52:54:00:00:00:01', model: 'virtio', network: 'default', connected: true }],
      },
    });
    expect([said, became]).toEqual([[], { name: 'web' }]);
    expect(domain).toMatchObject({ type: 'kvm', machine: 'q35', vcpus: 4, memoryBytes: 2 ** 30 });
    expect(domain?.interfaces).toMatchObject([
      { type: 'network', source: 'default', macAddress: '52:54:00:00:00:01', model: 'virtio' },
    ]);
  });

  it('is told what it gets where the point does not say', async () => {
    const { became, domain } = await ask({ spec: { firmware: 'unknown', architecture: 'unknown' } });
    expect(Object.keys(became).toSorted()).toEqual([
      'architecture',
      'cpu',
      'firmware',
      'memoryBytes',
      'name',
    ]);
    expect(domain).toMatchObject({ vcpus: 1, memoryBytes: 2 ** 31, firmware: { kind: 'bios' } });
  });
});

describe('the machine type', () => {
  it('is the old one where the host has it, else the one of today', async () => {
    const xml = "<domain><name>o</name><os><type machine='pc-q35-6.2'>hvm</type></os></domain>";
    const request = { artifacts: [artifact('native-config', xml)] };
    const there = await ask({ request, offer: { machines: ['q35', 'pc-q35-6.2'] } });
    expect([there.domain?.machine, there.became.machineType]).toEqual(['pc-q35-6.2', undefined]);
    const gone = await ask({ request });
    expect([gone.domain?.machine, gone.became.machineType]).toEqual(['q35', 'q35']);
  });

  it('has IDE where a disk is on it, and is what the options say', async () => {
    expect((await ask({ buses: ['ide'] })).domain).toMatchObject({
      machine: 'pc',
      disks: [{ target: 'hda', bus: 'ide' }],
    });
    expect((await ask({ options: { machineType: 'pc' } })).domain?.machine).toBe('pc');
    expect((await ask({ options: { machineType: 'isapc' } })).said).toEqual(['error: machine-unavailable']);
  });

  it('is refused where the host has no hardware virtualisation, unless emulation is asked for', async () => {
    const offer = { types: ['qemu'] };
    expect((await ask({ offer })).said).toEqual(['error: machine-unavailable']);
    expect((await ask({ offer, options: { domainType: 'qemu' } })).domain?.type).toBe('qemu');
  });
});

describe('firmware and TPM', () => {
  it.each([
    ['uefi', {}, 'uefi', ['warning: nvram-missing']],
    ['uefi-secure', {}, 'uefi-secure', ['warning: nvram-missing']],
    ['uefi-secure', { secureBoot: false }, 'uefi', ['warning: secure-boot-lost', 'warning: nvram-missing']],
  ] as const)('%s on a host with %j becomes %s', async (firmware, offer, kind, said) => {
    const asked = await ask({ spec: { firmware }, offer });
    expect([asked.domain?.firmware.kind, asked.said]).toEqual([kind, said]);
  });

  it('UEFI without UEFI on the host is refused; BIOS is possible when asked for', async () => {
    const offer = { firmware: ['bios'] };
    const spec = { firmware: 'uefi' } as const;
    expect((await ask({ spec, offer })).said).toContain('error: firmware-unavailable');
    const forced = await ask({ spec, offer, options: { firmware: 'bios' } });
    expect([forced.domain?.firmware.kind, forced.became.firmware]).toEqual(['bios', 'bios']);
  });

  it('UEFI variables are restored under UEFI, and lost under BIOS', async () => {
    const request = { artifacts: [artifact('nvram')] };
    const kept = await ask({ spec: { firmware: 'uefi' }, request });
    expect(kept.said).toEqual([]);
    expect(kept.domain?.firmware.nvram?.path).toMatch(/\/web\.sendense-[0-9a-f-]+\.nvram\.fd$/);
    const lost = await ask({ spec: { firmware: 'uefi' }, request, options: { firmware: 'bios' } });
    expect([lost.said, lost.became.nvram]).toEqual([['warning: nvram-lost'], 'lost']);
  });

  it.each(['uefi', 'bios'] as const)(
    'UEFI variables of another hypervisor are lost under %s',
    async (firmware) => {
      const request = { artifacts: [artifact('nvram')] };
      const { said, became, domain } = await ask({ spec: { firmware, platform: 'vmware' }, request });
      expect([said, became.nvram]).toEqual([['warning: nvram-lost'], 'lost']);
      expect(domain?.firmware.nvram?.path).toBeUndefined();
    },
  );

  it('a TPM is replaced by an empty one, or lost', async () => {
    const request = { artifacts: [artifact('tpm-state')] };
    const emptied = await ask({ spec: { tpm: true }, request });
    expect(emptied.said).toEqual(['warning: tpm-emptied', 'warning: artifact-not-restored']);
    expect(emptied.domain?.tpm).toEqual({ model: 'tpm-crb', backend: 'emulator', version: '2.0' });
    const lost = await ask({ spec: { tpm: true }, offer: { tpm: false } });
    expect([lost.said, lost.became.tpm]).toEqual([['warning: tpm-lost'], 'lost']);
  });
});

describe('disks', () => {
  it.each([
    [['nvme'], {}, ['sata']],
    [['unknown'], {}, ['sata']],
    [['scsi', 'virtio'], { buses: ['sata'] }, ['sata', 'sata']],
    [['virtio'], { buses: ['scsi'] }, ['scsi']],
  ] as const)('on %j on a host with %j come to %j, with a warning each', async (buses, offer, there) => {
    const { domain, said } = await ask({ buses, offer });
    expect(domain?.disks.map(({ bus }) => bus)).toEqual(there);
    expect(said).toEqual(buses.map(() => 'warning: bus-changed'));
  });

  it('have a place each, also where the bus has fewer', async () => {
    const { domain } = await ask({ buses: Array.from({ length: 8 }, () => 'sata' as const) });
    const places = domain?.disks.map(({ address }) => `${address?.controller}:${address?.unit}`);
    expect(places).toEqual(['0:0', '0:1', '0:2', '0:3', '0:4', '0:5', '1:0', '1:1']);
    expect(new Set(domain?.disks.map(({ target: name }) => name)).size).toBe(8);
    expect((await ask({ offer: { buses: ['fdc'] } })).said).toEqual(['error: bus-unavailable']);
  });

  it('of SCSI of another platform need the driver of virtio-scsi: that is told', async () => {
    const { said } = await ask({ buses: ['scsi'], spec: { platform: 'vmware' } });
    expect(said).toEqual(['warning: controller-changed']);
  });

  it('keep their boot order, of which each number is there once', async () => {
    const request = requestOf({ buses: ['virtio', 'virtio', 'virtio'] });
    const orders = [2, 1, 2];
    const disks = request.disks.map((disk, number) => {
      return { ...disk, slot: { ...disk.slot, bootOrder: orders[number] ?? 1 } };
    });
    const { domain } = await ask({ buses: ['virtio', 'virtio', 'virtio'], request: { disks } });
    expect(domain?.disks.map(({ bootOrder }) => bootOrder)).toEqual([2, 1, undefined]);
  });
});

describe('network cards', () => {
  const nics = [
    { macAddress: '00:50:56:AA:BB:CC', model: 'vmxnet3', network: 'VM Network' },
    { macAddress: 'nonsense', model: 'hv-synthetic', network: 'DMZ', connected: false },
  ];

  it('are connected as the map says', async () => {
    const networks = { 'VM Network': { bridge: 'br0' }, DMZ: { network: 'default' } };
    const { domain, became, said } = await ask({ spec: { nics }, options: { networks } });
    expect(domain?.interfaces).toMatchObject([
      { type: 'bridge', source: 'br0', macAddress: '00:50:56:aa:bb:cc', model: 'vmxnet3', connected: true },
      { type: 'network', source: 'default', macAddress: undefined, model: 'e1000e', connected: false },
    ]);
    expect(said).toEqual(['warning: nic-model-changed']);
    expect(became).toMatchObject({
      'nics[0].network': 'bridge:br0',
      'nics[1].network': 'default',
      'nics[1].model': 'e1000e',
      'nics[1].macAddress': 'a new address',
    });
  });

  it('are left out where nothing says what their network becomes, and where the map says so', async () => {
    const lost = await ask({ spec: { nics } });
    expect([lost.domain?.interfaces, lost.said]).toEqual([[], ['warning: nic-lost', 'warning: nic-lost']]);
    const meant = await ask({ spec: { nics }, options: { defaultNetwork: 'none' } });
    expect([meant.domain?.interfaces, meant.said, meant.became['nics[0]']]).toEqual([[], [], 'lost']);
  });

  it('are not connected to a network that libvirt does not have', async () => {
    const options = { defaultNetwork: { network: 'lan' } };
    expect((await ask({ spec: { nics }, options })).said).toContain('error: network-missing');
  });

  it('get new addresses for a copy that runs beside the old machine', async () => {
    const options = { macAddresses: 'new', defaultNetwork: { bridge: 'br0' } } as const;
    const { domain } = await ask({ spec: { nics }, options });
    expect(domain?.interfaces.map(({ macAddress }) => macAddress)).toEqual([undefined, undefined]);
  });
});

describe('existing disks', () => {
  const disk = (dev: string, more = ''): string =>
    `<disk type='file'><driver type='raw'/><source file='${folder}/${dev}.img'/><target dev='${dev}' bus='virtio'/>${more}</disk>`;

  async function askOf(devices: string, asked: Asked = {}, state = 'shut off'): Promise<readonly string[]> {
    const libvirt = new FakeLibvirt();
    const uuid = '4dea22b3-1d52-48f3-a516-782e98ab3fa0';
    const xml = `<domain><name>web</name><uuid>${uuid}</uuid><devices>${devices}</devices></domain>`;
    libvirt.domains.set(uuid, { xml, state });
    const request = requestOf({ ...asked, request: { into: 'existing-disks', ...asked.request } });
    const { findings } = await target(asked, libvirt).check(request);
    return findings.map(({ severity, code, message }) =>
      severity === 'info' ? (/^\S+ replaces \S+/.exec(message)?.[0] ?? message) : `${severity}: ${code}`,
    );
  }

  it('are found by their position, by their number, or by the map', async () => {
    const two = disk('vda') + disk('vdb');
    expect(await askOf(two, { buses: ['virtio', 'virtio'] })).toEqual([
      'disk-0 replaces vda',
      'disk-1 replaces vdb',
    ]);
    expect(await askOf(two, { buses: ['scsi', 'nvme'] })).toEqual([
      'disk-0 replaces vda',
      'disk-1 replaces vdb',
    ]);
    expect(await askOf(two, { options: { diskMap: { 'disk-0': 'vdb' } } })).toEqual(['disk-0 replaces vdb']);
    expect(await askOf(disk('vda'), { buses: ['scsi', 'scsi'] })).toContain('error: disk-unmatched');
    const twice = { diskMap: { 'disk-0': 'vda', 'disk-1': 'vda' } };
    expect(await askOf(two, { buses: ['scsi', 'scsi'], options: twice })).toContain('error: disk-unmatched');
  });

  it.each([
    ['a machine that runs', (): string => disk('vda'), {}, 'running', 'machine-running'],
    ['a paused machine', (): string => disk('vda'), {}, 'paused', 'machine-running'],
    ['a delta', (): string => disk('vda'), { request: { base: 'i1' } }, 'shut off', 'delta-unsupported'],
    [
      'a disk over a backing image',
      (): string =>
        disk('vda', "<backingStore type='file'><format type='raw'/><source file='/b'/></backingStore>"),
      {},
      'shut off',
      'disk-has-backing',
    ],
    ['a shared disk', (): string => disk('vda', '<shareable/>'), {}, 'shut off', 'disk-shared'],
    [
      'a disk over the network',
      (): string =>
        "<disk type='network'><source protocol='rbd' name='p/i'/><target dev='vda' bus='virtio'/></disk>",
      {},
      'shut off',
      'disk-unreachable',
    ],
    [
      'a disk of another format',
      (): string => disk('vda').replace("type='raw'", "type='vmdk'"),
      {},
      'shut off',
      'format-unsupported',
    ],
    [
      'another machine',
      (): string => disk('vda'),
      { request: { existing: { connection: 'c', id: 'nope' } } },
      'shut off',
      'machine-missing',
    ],
  ] as const)('are refused in %s', async (_name, devices, asked, state, code) => {
    expect(await askOf(devices(), asked as Asked, state)).toContain(`error: ${code}`);
  });
});

describe('places', () => {
  it('say NOT_FOUND where the folder is missing, and CONFIG_INVALID where it must not be written to', async () => {
    const missing = ask({ options: { folder: join(folder, 'none') } });
    await expect(missing).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await mkdir(join(folder, 'vm'));
    const inside = ask({ options: { folder: join(folder, 'vm'), protect: [folder] } });
    await expect(inside).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('of disks alone lose the machine and are never started', async () => {
    const { said, became } = await ask({ request: { into: 'disks-only', start: true } });
    expect(said).toEqual(['error: start-unsupported']);
    expect(became).toMatchObject({ name: 'lost', firmware: 'lost' });
  });
});
