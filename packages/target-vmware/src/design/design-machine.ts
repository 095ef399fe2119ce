import type { Firmware, MachineSpec, RestoreRequest } from '@sendense/core';
import { type FoundTag, type VimNetwork, VMWARE_PLATFORM } from '@sendense/platform-vmware';
import type { CheckedOptions } from '../options.ts';
import { chooseCards } from './choose-cards.ts';
import { chooseGuest } from './choose-guest.ts';
import { chooseTags, type TagsThere } from './choose-tags.ts';
import type { MachineDesign } from './machine-design.ts';
import type { Outcomes } from './outcomes.ts';

const MIB = 1024 ** 2;

/** What a machine of unknown size gets. */
const DEFAULT_MEMORY_MIB = 2048;

/** vSphere counts memory in these. */
const MEMORY_STEP_MIB = 4;

/** What the place of a machine has for it. */
export type DesignPlace = {
  readonly networks: readonly VimNetwork[];
  /** Whether files can be put beside the disks. */
  readonly canHoldFiles: boolean;
  /** Why vSphere does not read the UEFI variables of the point, as where they are encrypted; `undefined` where it does. */
  readonly unfitVariables: string | undefined;
  readonly tags: TagsThere;
};

/** What is made. */
export type Designed = { readonly machine: MachineDesign; readonly tags: readonly FoundTag[] };

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

function firmwareKind({ firmware }: MachineSpec, options: CheckedOptions): Exclude<Firmware, 'unknown'> {
  return options.firmware ?? (firmware === 'unknown' ? 'bios' : firmware);
}

/**
 * Why the UEFI variables of a point are not those of the new machine, whatever is in them; `undefined` when they are to be. Only
 * vSphere reads its own.
 */
export function whyNewVariables(
  { spec, artifacts = [] }: RestoreRequest,
  options: CheckedOptions,
  { canHoldFiles }: Pick<DesignPlace, 'canHoldFiles'>,
): string | undefined {
  if (firmwareKind(spec, options) === 'bios') return 'there is no place for them under BIOS';
  if (artifacts.every(({ name }) => name !== 'nvram')) return 'the point has none';
  if (spec.platform !== VMWARE_PLATFORM) return `those of the point are of ${spec.platform}`;
  if (spec.tpm === true)
    return 'those of the point are encrypted with a key of the old machine, as of all that have a virtual TPM';
  return canHoldFiles ? undefined : 'there is no place to put those of the point';
}

function firmwareOf(
  request: RestoreRequest,
  options: CheckedOptions,
  place: DesignPlace,
  outcomes: Outcomes,
): Pick<MachineDesign, 'firmware' | 'secureBoot' | 'variables'> {
  const { spec, artifacts = [] } = request;
  const kind = firmwareKind(spec, options);
  outcomes.became('firmware', spec.firmware, kind);
  const why = whyNewVariables(request, options, place) ?? place.unfitVariables;
  const kept = why === undefined ? 'UEFI variables' : null;
  if (artifacts.some(({ name }) => name === 'nvram')) outcomes.became('nvram', 'UEFI variables', kept);
  if (kind !== 'bios' && why !== undefined) {
    const message = `the machine starts with new UEFI variables, and finds its loader by the default path: ${why}`;
    outcomes.tell('warning', 'nvram-lost', message);
  }
  const variables = why === undefined;
  return { firmware: kind === 'bios' ? 'bios' : 'efi', secureBoot: kind === 'uefi-secure', variables };
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
function rest({ platform, tpm, placement }: MachineSpec, outcomes: Outcomes): void {
  outcomes.became('platform', platform, VMWARE_PLATFORM);
  if (tpm === true) {
    outcomes.became('tpm', tpm, null);
    outcomes.tell(
      'warning',
      'tpm-lost',
      'the machine has no TPM: what the guest sealed with it cannot be opened',
    );
  }
  if (placement !== undefined) outcomes.became('placement', placement, 'as the options say');
}

/** The machine that is made, as near to the old one as it can be; what is not the same is in `outcomes`. */
export function designMachine(
  request: RestoreRequest,
  options: CheckedOptions,
  place: DesignPlace,
  outcomes: Outcomes,
): Designed {
  const { spec } = request;
  outcomes.became('name', spec.name, options.name);
  architectureOf(spec, outcomes);
  rest(spec, outcomes);
  const tags = chooseTags(spec, place.tags, outcomes);
  const machine = {
    guestId: chooseGuest(spec, options, outcomes),
    ...sizeOf(spec, outcomes),
    ...firmwareOf(request, options, place, outcomes),
    cards: chooseCards(spec, options, place.networks, outcomes),
  };
  return { machine, tags };
}
