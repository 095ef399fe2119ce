import type { Call, MachineSpec, RestoreRequest } from '@sendense/core';
import { type Domain, type DomainCapabilities, parseDomain } from '@sendense/platform-kvm/domain';
import type { TargetContext } from '../context.ts';
import type { Outcomes } from './outcomes.ts';

/** Only this chipset of QEMU has IDE, and only the other one SATA. */
const WITH_IDE = 'pc';
const WITH_SATA = 'q35';

/** The domain that the machine was, where its source was a libvirt. */
export async function nativeDomain(
  { artifacts = [], spec }: RestoreRequest,
  outcomes: Outcomes,
  call?: Call,
): Promise<Domain | undefined> {
  const artifact = artifacts.find(({ name }) => name === 'native-config');
  if (artifact === undefined || spec.platform !== 'libvirt') return undefined;
  try {
    return parseDomain(new TextDecoder().decode(await artifact.bytes(call)));
  } catch (error) {
    outcomes.warn('native-config-unreadable', `the XML of the old domain is of no use: ${String(error)}`);
    return undefined;
  }
}

/** Machine types to ask the host for, best first. */
function candidates(
  { options }: TargetContext,
  spec: MachineSpec,
  native: Domain | undefined,
): readonly string[] {
  if (options.machineType !== undefined) return [options.machineType];
  if (spec.architecture === 'aarch64') return ['virt'];
  const firmware = options.firmware ?? spec.firmware;
  const hasIde = spec.disks.some(({ slot }) => slot.bus === 'ide');
  const chipset = hasIde && (firmware === 'bios' || firmware === 'unknown') ? WITH_IDE : WITH_SATA;
  return native?.machine === undefined ? [chipset] : [native.machine, chipset];
}

/**
 * What the host offers to the machine, and with it the machine type: the old one where the host still has it. `undefined`
 * when the host has none, which is then a finding of severity `error`.
 */
export async function chooseMachine(
  context: TargetContext,
  spec: MachineSpec,
  native: Domain | undefined,
  outcomes: Outcomes,
  call?: Call,
): Promise<DomainCapabilities | undefined> {
  const { options, host } = context;
  const architecture = spec.architecture === 'unknown' ? 'x86_64' : spec.architecture;
  outcomes.became('architecture', spec.architecture, architecture);
  for (const machine of candidates(context, spec, native)) {
    const offered = await host.capabilities(options.domainType, architecture, machine, call);
    if (offered === undefined) continue;
    if (native?.machine !== undefined) outcomes.became('machineType', native.machine, offered.machine);
    return offered;
  }
  const other = options.domainType === 'kvm' ? 'qemu' : 'kvm';
  outcomes.refuse(
    'machine-unavailable',
    `the host offers no ${options.domainType} domain of ${architecture} with machine type ` +
      `${candidates(context, spec, native).join(' or ')}: enable virtualisation, choose another machineType, ` +
      `or restore with domainType '${other}'`,
  );
  return undefined;
}
