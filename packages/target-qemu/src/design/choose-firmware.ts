import type { Firmware, RestoreRequest } from '@sendense/core';
import {
  type DomainCapabilities,
  type DomainFirmware,
  LIBVIRT_PLATFORM,
} from '@sendense/platform-kvm/domain';
import type { CheckedOptions } from '../options.ts';
import type { Outcomes } from './outcomes.ts';

type Kind = DomainFirmware['kind'];

/** Platforms whose machines boot by the UEFI of QEMU: the variables of another one are of another form. */
const SAME_VARIABLES: ReadonlySet<string> = new Set([LIBVIRT_PLATFORM, 'qemu']);

/** The firmware nearest to `wanted` that the host has; a guest that boots by UEFI does not boot by BIOS. */
function nearest(wanted: Kind, offered: DomainCapabilities, outcomes: Outcomes): Kind {
  if (wanted === 'bios') return wanted;
  if (!offered.firmware.includes('efi')) {
    outcomes.refuse(
      'firmware-unavailable',
      `the host has no UEFI for ${offered.machine}: install OVMF, or restore with firmware 'bios' if the guest can boot so`,
    );
    return wanted;
  }
  if (wanted === 'uefi' || offered.secureBoot) return wanted;
  outcomes.warn('secure-boot-lost', 'the host has no UEFI with secure boot: the machine boots without it');
  return 'uefi';
}

/**
 * What the machine boots with. `nvramPath` is where the UEFI variables of the old machine will be; libvirt makes new ones
 * where the point has none that QEMU reads.
 */
export function chooseFirmware(
  request: RestoreRequest,
  options: CheckedOptions,
  offered: DomainCapabilities,
  nvramPath: string,
  outcomes: Outcomes,
): DomainFirmware {
  const given: Firmware = request.spec.firmware;
  const kind = nearest(options.firmware ?? (given === 'unknown' ? 'bios' : given), offered, outcomes);
  outcomes.became('firmware', given, kind);
  const hasVariables = request.artifacts?.some(({ name }) => name === 'nvram') === true;
  if (hasVariables && kind === 'bios') {
    outcomes.lost('nvram', 'UEFI variables');
    outcomes.warn('nvram-lost', 'the UEFI variables of the machine have no place under BIOS');
  }
  if (!hasVariables && kind !== 'bios') {
    outcomes.warn(
      'nvram-missing',
      'the point holds no UEFI variables: the machine starts with new ones, and finds its loader by the default path',
    );
  }
  const { platform } = request.spec;
  const isReadable = SAME_VARIABLES.has(platform);
  if (hasVariables && kind !== 'bios' && !isReadable) {
    outcomes.lost('nvram', 'UEFI variables');
    outcomes.warn(
      'nvram-lost',
      `the UEFI variables of the point are of ${platform}, which QEMU does not read: the machine starts with new ones, and finds its loader by the default path`,
    );
  }
  const restored = hasVariables && kind !== 'bios' && isReadable;
  const nvram = restored ? { path: nvramPath, template: undefined, format: undefined } : undefined;
  return { kind, automatic: kind !== 'bios', loader: undefined, nvram };
}
