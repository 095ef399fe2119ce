import { describe, expect, it } from 'vitest';
import { parseDomain } from './parse-domain.ts';

const RUNNING = `<domain type='kvm' id='7' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>web &amp; shop</name>
  <uuid>4DEA22B3-1D52-D8F3-2516-782E98AB3FA0</uuid>
  <memory unit='MiB'>2048</memory>
  <vcpu placement='static' current='2'>8</vcpu>
  <os firmware='efi'>
    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
    <firmware><feature enabled='yes' name='enrolled-keys'/><feature enabled='yes' name='secure-boot'/></firmware>
    <loader readonly='yes' secure='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.ms.fd</loader>
    <nvram template='/usr/share/OVMF/OVMF_VARS_4M.ms.fd'>/var/lib/libvirt/qemu/nvram/web_VARS.fd</nvram>
  </os>
  <cpu mode='host-passthrough'><topology sockets='1' dies='1' cores='4' threads='2'/></cpu>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none' discard='unmap'/>
      <source file='/images/a&apos;b.qcow2' index='3'/>
      <backingStore type='file'>
        <format type='qcow2'/><source file='/images/base.qcow2'/>
        <backingStore type='block'><format type='raw'/><source dev='/dev/vg/base'/><backingStore/></backingStore>
      </backingStore>
      <target dev='vda' bus='virtio'/>
      <boot order='1'/>
      <serial>S-1</serial><wwn>5000c50015ea71aa</wwn>
      <alias name='virtio-disk0'/>
    </disk>
    <disk type='volume' device='disk'>
      <source pool='default' volume='data'/><target dev='sdb' bus='scsi'/><shareable/><transient/>
      <blockio logical_block_size='4096' physical_block_size='4096'/>
      <address type='drive' controller='1' bus='0' target='0' unit='6'/>
    </disk>
    <disk type='network' device='disk'>
      <source protocol='rbd' name='pool/image'><host name='mon' port='6789'/></source><target dev='vdc'/>
    </disk>
    <disk type='block' device='disk'><source dev='/dev/vg/x'/><target dev='hda'/><readonly/></disk>
    <disk type='file' device='cdrom'><target dev='sdc' bus='sata'/></disk>
    <disk type='file' device='floppy'><source file='/f.img'/><target dev='fda' bus='fdc'/></disk>
    <disk type='vhostuser' device='disk'><source type='unix' path='/s'/><target dev='vdd' bus='virtio'/></disk>
    <interface type='network'>
      <mac address='52:54:00:AA:BB:CC'/><source network='lan' bridge='virbr1'/><model type='virtio'/>
    </interface>
    <interface type='bridge'><source bridge='br0'/><model type='e1000e'/><link state='down'/><boot order='2'/></interface>
    <interface type='direct'><source dev='eth0' mode='bridge'/></interface>
    <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
  </devices>
</domain>`;

describe('parseDomain', () => {
  it('reads a running domain', () => {
    const domain = parseDomain(RUNNING);
    expect(domain).toMatchObject({
      type: 'kvm',
      name: 'web & shop',
      uuid: '4dea22b3-1d52-d8f3-2516-782e98ab3fa0',
      active: true,
      memoryBytes: 2 * 1024 ** 3,
      vcpus: 8,
      topology: { sockets: 1, coresPerSocket: 4, threadsPerCore: 2 },
      architecture: 'x86_64',
      machine: 'pc-q35-7.2',
      tpm: { model: 'tpm-crb', backend: 'emulator', version: '2.0' },
      firmware: {
        kind: 'uefi-secure',
        automatic: true,
        loader: '/usr/share/OVMF/OVMF_CODE_4M.ms.fd',
        nvram: {
          path: '/var/lib/libvirt/qemu/nvram/web_VARS.fd',
          template: '/usr/share/OVMF/OVMF_VARS_4M.ms.fd',
        },
      },
    });
  });

  it('reads where each disk is, and what lies below it', () => {
    const { disks } = parseDomain(RUNNING);
    expect(disks.map(({ target, bus, device, source }) => [target, bus, device, source])).toEqual([
      ['vda', 'virtio', 'disk', { type: 'file', path: "/images/a'b.qcow2" }],
      ['sdb', 'scsi', 'disk', { type: 'volume', pool: 'default', volume: 'data' }],
      ['vdc', 'virtio', 'disk', { type: 'network', protocol: 'rbd', name: 'pool/image' }],
      ['hda', 'ide', 'disk', { type: 'block', path: '/dev/vg/x' }],
      ['sdc', 'sata', 'cdrom', undefined],
      ['fda', 'fdc', 'floppy', { type: 'file', path: '/f.img' }],
      ['vdd', 'virtio', 'disk', { type: 'other', name: 'vhostuser' }],
    ]);
    expect(disks[0]).toMatchObject({
      format: 'qcow2',
      cache: 'none',
      discard: 'unmap',
      bootOrder: 1,
      serial: 'S-1',
      wwn: '5000c50015ea71aa',
      alias: 'virtio-disk0',
      sectorBytes: 512,
      backing: [
        { source: { type: 'file', path: '/images/base.qcow2' }, format: 'qcow2' },
        { source: { type: 'block', path: '/dev/vg/base' }, format: 'raw' },
      ],
    });
    expect(disks[1]).toMatchObject({
      shareable: true,
      transient: true,
      sectorBytes: 4096,
      address: { controller: 1, bus: 0, unit: 6 },
    });
    expect(disks.map(({ readOnly }) => readOnly)).toEqual([false, false, false, true, true, false, false]);
  });

  it('reads what each network card is connected to', () => {
    expect(parseDomain(RUNNING).interfaces).toEqual([
      {
        type: 'network',
        source: 'lan',
        macAddress: '52:54:00:aa:bb:cc',
        model: 'virtio',
        connected: true,
        bootOrder: undefined,
      },
      {
        type: 'bridge',
        source: 'br0',
        macAddress: undefined,
        model: 'e1000e',
        connected: false,
        bootOrder: 2,
      },
      {
        type: 'direct',
        source: 'eth0',
        macAddress: undefined,
        model: undefined,
        connected: true,
        bootOrder: undefined,
      },
    ]);
  });

  it.each([
    ['BIOS', '<os><type>hvm</type></os>', { kind: 'bios', automatic: false }],
    [
      'UEFI by a loader of its own',
      "<os><loader type='pflash' readonly='yes'>/x.fd</loader><nvram type='file'><source file='/n.fd'/></nvram></os>",
      { kind: 'uefi', automatic: false, loader: '/x.fd', nvram: { path: '/n.fd' } },
    ],
    ['BIOS by a ROM', "<os><loader type='rom'>/seabios.bin</loader></os>", { kind: 'bios' }],
    [
      'UEFI without variables of its own yet',
      "<os firmware='efi'/>",
      { kind: 'uefi', automatic: true, nvram: undefined },
    ],
  ])('knows %s', (_name, os, firmware) => {
    expect(parseDomain(`<domain><name>m</name>${os}</domain>`).firmware).toMatchObject(firmware);
  });

  it.each([
    ['another document', '<network><name>n</name></network>'],
    ['no name', '<domain/>'],
    ['nothing', ''],
    ['two roots', '<domain><name>a</name></domain><domain><name>b</name></domain>'],
    ['an element that does not end', '<domain><name>a</name>'],
    [
      'entities of its own',
      '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><domain><name>&b;</name></domain>',
    ],
    [
      'a file from outside',
      '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><domain><name>&x;</name></domain>',
    ],
    ['depth without end', `${'<a>'.repeat(20_000)}${'</a>'.repeat(20_000)}`],
    ['length without end', `<domain><name>${'a'.repeat(4 * 1024 * 1024)}</name></domain>`],
    [
      'more disks than any machine has',
      `<domain><name>a</name><devices>${'<disk/>'.repeat(1025)}</devices></domain>`,
    ],
  ])('refuses %s', (_name, xml) => {
    expect(() => parseDomain(xml)).toThrow(expect.objectContaining({ code: 'FORMAT_INVALID' }));
  });

  it('is not led astray by names that JavaScript objects have', () => {
    const xml = '<domain><name>m</name><__proto__ a="1"/><constructor>x</constructor></domain>';
    expect(() => parseDomain(xml)).not.toThrow(TypeError);
    expect(Object.hasOwn(Object.prototype, 'a')).toBe(false);
  });
});
