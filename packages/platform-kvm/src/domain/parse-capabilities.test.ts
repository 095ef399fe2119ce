import { describe, expect, it } from 'vitest';
import { parseDomainCapabilities } from './parse-capabilities.ts';

const xml = (tpm: string): string => `<domainCapabilities>
  <domain>kvm</domain><machine>pc-q35-7.2</machine><arch>x86_64</arch>
  <os supported='yes'>
    <enum name='firmware'><value>bios</value><value>efi</value></enum>
    <loader supported='yes'><enum name='secure'><value>yes</value><value>no</value></enum></loader>
  </os>
  <cpu><mode name='host-passthrough' supported='no'/><mode name='maximum' supported='yes'/></cpu>
  <devices>
    <disk supported='yes'><enum name='bus'><value>virtio</value><value>sata</value></enum></disk>
    <tpm supported='${tpm}'><enum name='model'><value>tpm-crb</value></enum>
      <enum name='backendModel'><value>emulator</value></enum></tpm>
  </devices>
</domainCapabilities>`;

describe('parseDomainCapabilities', () => {
  it('reads what the host offers', () => {
    expect(parseDomainCapabilities(xml('yes'))).toEqual({
      type: 'kvm',
      machine: 'pc-q35-7.2',
      architecture: 'x86_64',
      firmware: ['bios', 'efi'],
      secureBoot: true,
      cpuModes: ['maximum'],
      diskBuses: ['virtio', 'sata'],
      tpmModels: ['tpm-crb'],
    });
  });

  it('offers nothing that is not supported', () => {
    expect(parseDomainCapabilities(xml('no')).tpmModels).toEqual([]);
    expect(parseDomainCapabilities('<domainCapabilities/>')).toMatchObject({
      firmware: [],
      secureBoot: false,
    });
  });

  it('refuses another document', () => {
    expect(() => parseDomainCapabilities('<capabilities/>')).toThrow(
      expect.objectContaining({ code: 'FORMAT_INVALID' }),
    );
  });
});
