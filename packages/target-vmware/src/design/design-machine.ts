import type { Firmware, MachineSpec, RestoreRequest } from '@sendense/core';
import { type VimNetwork, VMWARE_PLATFORM } from '@sendense/platform-vmware';
import type { CheckedOptions } from '../options.ts';
import { chooseCards } from './choose-cards.ts';
import { chooseGuest } from './choose-guest.ts';
import type { MachineDesign } from './machine-design.ts';
import type { Outcomes } from './outcomes.ts';

const MIB = 1024 ** 2;

/** What a machine of unknown size gets. */
const DEFAULT_MEMORY_MIB = 2048;

/** vSphere counts memory in these. */
const MEMORY_STEP_MIB = 4;

function sizeOf({ cpu, memoryBytes }: MachineSpec, outcomes: Outcomes) {
  const cores = cpu === undefined ? 1 : cpu.coresPerSocket * cpu.threadsPerCore;
  const cpus = cpu === undefined ? 1 : cpu.sockets * cores;
  const made = { sockets: cpus / cores, coresPerSocket: cores, threadsPerCore: 1 };
  const asked = (memoryBytes ?? DEFAULT_MEMORY_MIB * MIB) / MIB;
  const memoryMib = Math.max(MEMORY_STEP_MIB, Math.ceil(asked / MEMORY_STEP_MIB) * MEMORY_STEP_MIB);
  outcomes.became('cpu', cpu ?? 'unknown', made);
  outcomes.became('memoryBytes', memoryBytes ?? 'unknown', memoryMib * MIB);
  return { cpus, coresPerSocket: cores, memoryMib };
}

function firmwareOf(
  { spec, artifacts = [] }: RestoreRequest,
  options: CheckedOptions,
  outcomes: Outcomes,
): Pick<MachineDesign, 'firmware' | 'secureBoot'> {
  const given: Firmware = spec.firmware;
  const kind = options.firmware ?? (given === 'unknown' ? 'bios' : given);
  outcomes.became('firmware', given, kind);
  if (artifacts.some(({ name }) => name === 'nvram')) outcomes.became('nvram', 'UEFI variables', null);
  if (kind !== 'bios') {
    const message = 'the machine starts with new UEFI variables, and finds its loader by the default path';
    outcomes.tell('warning', 'nvram-lost', message);
  }
  return { firmware: kind === 'bios' ? 'bios' : 'efi', secureBoot: kind === 'uefi-secure' };
}

function architectureOf({ architecture }: MachineSpec, outcomes: Outcomes): void {
  outcomes.became('architecture', architecture, 'x86_64');
  if (architecture !== 'aarch64') return;
  outcomes.tell(
    'error',
    'architecture-unsupported',
    'the machine is of aarch64: hosts of vSphere are of x86_64',
  );
}

/** What a new machine has no place for. */
function rest({ platform, tpm, tags, placement }: MachineSpec, outcomes: Outcomes): void {
  outcomes.became('platform', platform, VMWARE_PLATFORM);
  if (tpm === true) {
    outcomes.became('tpm', tpm, null);
    outcomes.tell(
      'warning',
      'tpm-lost',
      'the machine has no TPM: what the guest sealed with it cannot be opened',
    );
  }
  if (tags !== undefined && Object.keys(tags).length > 0) outcomes.became('tags', tags, null);
  if (placement !== undefined) outcomes.became('placement', placement, 'as the options say');
}

/** The machine that is made, as near to the old one as it can be; what is not the same is in `outcomes`. */
export function designMachine(
  request: RestoreRequest,
  options: CheckedOptions,
  networks: readonly VimNetwork[],
  outcomes: Outcomes,
): MachineDesign {
  const { spec } = request;
  outcomes.became('name', spec.name, options.name);
  architectureOf(spec, outcomes);
  rest(spec, outcomes);
  return {
    guestId: chooseGuest(spec, options, outcomes),
    ...sizeOf(spec, outcomes),
    ...firmwareOf(request, options, outcomes),
    cards: chooseCards(spec, options, networks, outcomes),
  };
}
