import { element, serializeXml, type XmlElement } from '@sendense/plugin-kit/xml';
import type { Domain, DomainDisk, DomainFirmware, DomainInterface } from './domain.ts';

/** What a new domain has beside what {@link Domain} describes. */
export type DomainExtras = {
  /** `host-model`, `host-passthrough`, `maximum`; libvirt's default without it. */
  readonly cpuMode?: string | undefined;
  /** Windows keeps the hardware clock in local time. */
  readonly clock: 'utc' | 'localtime';
  /** Goes into `<metadata>`; needs a namespace of its own. */
  readonly metadata?: XmlElement;
  /** A screen, reached through a socket that libvirt makes for its own clients. */
  readonly screen: boolean;
};

/** The XML that defines a domain. The pair of `parseDomain`, which reads back the same domain. */
export function serializeDomain(domain: Domain, extras: DomainExtras): string {
  const { memoryBytes, vcpus, topology } = domain;
  const secure = domain.firmware.kind === 'uefi-secure';
  const memory = memoryBytes === undefined ? undefined : String(Math.ceil(memoryBytes / 1024));
  const root = element('domain', { type: domain.type }, [
    element('name', {}, domain.name),
    domain.uuid === undefined ? undefined : element('uuid', {}, domain.uuid),
    extras.metadata === undefined ? undefined : element('metadata', {}, [extras.metadata]),
    memory === undefined ? undefined : element('memory', { unit: 'KiB' }, memory),
    vcpus === undefined ? undefined : element('vcpu', {}, String(vcpus)),
    osOf(domain),
    element('features', {}, [
      element('acpi'),
      domain.architecture === 'x86_64' ? element('apic') : undefined,
      secure ? element('smm', { state: 'on' }) : undefined,
    ]),
    cpuOf(topology, extras.cpuMode),
    element('clock', { offset: extras.clock }),
    element('devices', {}, devicesOf(domain, extras)),
  ]);
  return serializeXml(root);
}

function cpuOf(topology: Domain['topology'], mode: string | undefined): XmlElement | undefined {
  if (topology === undefined && mode === undefined) return undefined;
  if (topology === undefined) return element('cpu', { mode });
  const { sockets, coresPerSocket: cores, threadsPerCore: threads } = topology;
  return element('cpu', { mode }, [element('topology', { sockets, dies: 1, cores, threads })]);
}

function osOf({ firmware, architecture, machine, disks, interfaces }: Domain): XmlElement {
  const efi = firmware.kind !== 'bios';
  const ordered = [...disks, ...interfaces].some(({ bootOrder }) => bootOrder !== undefined);
  return element('os', { firmware: efi && firmware.automatic ? 'efi' : undefined }, [
    element('type', { arch: architecture, machine }, 'hvm'),
    ...(efi ? firmwareOf(firmware) : []),
    ordered ? undefined : element('boot', { dev: 'hd' }),
  ]);
}

function firmwareOf({ kind, automatic, loader, nvram }: DomainFirmware): (XmlElement | undefined)[] {
  const secure = kind === 'uefi-secure';
  const enabled = secure ? 'yes' : 'no';
  const features = [
    element('feature', { enabled, name: 'enrolled-keys' }),
    element('feature', { enabled, name: 'secure-boot' }),
  ];
  const type = automatic ? undefined : 'pflash';
  const flags = { readonly: automatic ? undefined : 'yes', secure: secure ? 'yes' : undefined, type };
  return [
    automatic ? element('firmware', {}, features) : undefined,
    automatic && !secure ? undefined : element('loader', flags, loader ?? []),
    nvram?.path === undefined ? undefined : element('nvram', { template: nvram.template }, nvram.path),
  ];
}

function devicesOf(domain: Domain, { screen }: DomainExtras): (XmlElement | undefined)[] {
  const { disks, interfaces, tpm } = domain;
  const scsi = disks.filter(({ bus }) => bus === 'scsi').map(({ address }) => address?.controller ?? 0);
  return [
    ...disks.map(diskOf),
    ...[...new Set(scsi)]
      .sort((a, b) => a - b)
      .map((index) => element('controller', { type: 'scsi', index, model: 'virtio-scsi' })),
    ...interfaces.map(interfaceOf),
    tpm === undefined
      ? undefined
      : element('tpm', { model: tpm.model }, [
          element('backend', { type: tpm.backend, version: tpm.version }),
        ]),
    element('serial', { type: 'pty' }),
    element('channel', { type: 'unix' }, [
      element('target', { type: 'virtio', name: 'org.qemu.guest_agent.0' }),
    ]),
    ...(screen ? screenDevices() : []),
  ];
}

function screenDevices(): XmlElement[] {
  return [
    element('graphics', { type: 'vnc' }, [element('listen', { type: 'socket' })]),
    element('video', {}, [element('model', { type: 'vga' })]),
  ];
}

function diskOf(disk: DomainDisk): XmlElement {
  const { address } = disk;
  const type = disk.source?.type ?? 'file';
  return element('disk', { type, device: disk.device }, [
    element('driver', {
      name: 'qemu',
      type: disk.format,
      cache: disk.cache,
      discard: disk.discard,
    }),
    sourceOf(disk),
    element('target', { dev: disk.target, bus: disk.bus }),
    disk.readOnly ? element('readonly') : undefined,
    disk.shareable ? element('shareable') : undefined,
    disk.transient ? element('transient') : undefined,
    disk.bootOrder === undefined ? undefined : element('boot', { order: disk.bootOrder }),
    disk.serial === undefined ? undefined : element('serial', {}, disk.serial),
    disk.wwn === undefined ? undefined : element('wwn', {}, disk.wwn),
    disk.sectorBytes === 512
      ? undefined
      : element('blockio', { logical_block_size: 4096, physical_block_size: 4096 }),
    address === undefined
      ? undefined
      : element('address', {
          type: 'drive',
          controller: address.controller,
          bus: address.bus,
          target: 0,
          unit: address.unit,
        }),
  ]);
}

/** The attribute of `<source>` that a path stands in, by the type of the disk. */
const PATH_ATTRIBUTE = { file: 'file', block: 'dev', dir: 'dir' } as const;

function sourceOf({ source }: DomainDisk): XmlElement | undefined {
  if (source === undefined || source.type === 'other') return undefined;
  if (source.type === 'volume') return element('source', { pool: source.pool, volume: source.volume });
  if (source.type === 'network') return element('source', { protocol: source.protocol, name: source.name });
  return element('source', { [PATH_ATTRIBUTE[source.type]]: source.path });
}

function interfaceOf(nic: DomainInterface): XmlElement {
  const key = nic.type === 'direct' || nic.type === 'ethernet' ? 'dev' : nic.type;
  return element('interface', { type: nic.type }, [
    nic.macAddress === undefined ? undefined : element('mac', { address: nic.macAddress }),
    nic.source === undefined ? undefined : element('source', { [key]: nic.source }),
    nic.model === undefined ? undefined : element('model', { type: nic.model }),
    nic.connected ? undefined : element('link', { state: 'down' }),
    nic.bootOrder === undefined ? undefined : element('boot', { order: nic.bootOrder }),
  ]);
}
