import { type Call, type MachineSpec, type PlanId, type RestoreRequest, uuidV5 } from '@sendense/core';
import {
  type Domain,
  type DomainCapabilities,
  domainOf,
  LIBVIRT_PLATFORM,
  serializeDomain,
} from '@sendense/platform-kvm/domain';
import type { TargetContext } from '../context.ts';
import type { DiskPlace } from '../restore/disk-place.ts';
import { chooseFirmware } from './choose-firmware.ts';
import { chooseInterfaces } from './choose-interfaces.ts';
import { chooseMachine, nativeDomain } from './choose-machine.ts';
import { chooseSlots } from './choose-slots.ts';
import type { Outcomes } from './outcomes.ts';
import { planMark } from './plan-mark.ts';

/** Namespace of the UUIDs of restored domains; constant for ever. */
const DOMAIN_NAMESPACE = '0e0a7b62-3b8f-4d0b-8f5e-5e6d1c0c3c11';

/** What a machine of unknown size gets. */
const DEFAULT_MEMORY_BYTES = 2 * 1024 ** 3;

/** A domain as it will be defined. */
export type DomainDesign = { readonly uuid: string; readonly xml: string; readonly nvramPath: string | null };

/** What the design of a domain starts from. */
export type DesignInput = {
  readonly request: RestoreRequest;
  readonly plan: PlanId;
  readonly places: readonly DiskPlace[];
  /** UUID of the domain that is replaced. */
  readonly replacedUuid: string | undefined;
  readonly nvramPath: string;
};

/** CPU modes by type of domain, best first. Without one guests get a processor older than they may need. */
const CPU_MODES: Readonly<Record<'kvm' | 'qemu', readonly string[]>> = {
  kvm: ['host-model', 'host-passthrough'],
  qemu: ['maximum'],
};

/** Processors and memory, with what a machine gets of which the point does not say. */
function sizeOf(spec: MachineSpec, outcomes: Outcomes): MachineSpec {
  const cpu = spec.cpu ?? { sockets: 1, coresPerSocket: 1, threadsPerCore: 1 };
  const memoryBytes = spec.memoryBytes ?? DEFAULT_MEMORY_BYTES;
  outcomes.became('cpu', spec.cpu ?? 'unknown', cpu);
  outcomes.became('memoryBytes', spec.memoryBytes ?? 'unknown', memoryBytes);
  return { ...spec, cpu, memoryBytes };
}

function tpmOf(spec: MachineSpec, { tpmModels }: DomainCapabilities, outcomes: Outcomes): Domain['tpm'] {
  if (spec.tpm !== true) return undefined;
  const model = tpmModels.includes('tpm-crb') ? 'tpm-crb' : tpmModels[0];
  if (model === undefined) {
    outcomes.lost('tpm', spec.tpm);
    outcomes.warn(
      'tpm-lost',
      'the host cannot emulate a TPM: what the guest sealed with it cannot be opened',
    );
    return undefined;
  }
  outcomes.approximated('tpm', 'the TPM of the machine', 'an empty one');
  outcomes.warn('tpm-emptied', 'the TPM is a new one: what the guest sealed with the old cannot be opened');
  return { model, backend: 'emulator', version: '2.0' };
}

/** What a domain has no place for. */
function rest({ platform, guest, tags, placement }: MachineSpec, outcomes: Outcomes): void {
  outcomes.became('platform', platform, LIBVIRT_PLATFORM);
  for (const [property, value] of Object.entries({ guest, tags, placement })) {
    if (value !== undefined && Object.keys(value).length > 0) outcomes.lost(property, value);
  }
}

/** The domain that the machine becomes on this host, as near as it can be; what is not the same is in `outcomes`. */
export async function designDomain(
  context: TargetContext,
  { request, plan, places, replacedUuid, nvramPath }: DesignInput,
  outcomes: Outcomes,
  call?: Call,
): Promise<DomainDesign | undefined> {
  const { options, host } = context;
  const native = await nativeDomain(request, outcomes, call);
  const offered = await chooseMachine(context, request.spec, native, outcomes, call);
  if (offered === undefined) return undefined;
  outcomes.became('name', request.spec.name, options.name);
  rest(request.spec, outcomes);
  const slots = chooseSlots(request, offered, outcomes);
  const firmware = chooseFirmware(request, options, offered, nvramPath, outcomes);
  const uuid = replacedUuid ?? uuidV5(DOMAIN_NAMESPACE, plan);
  const domain = domainOf(sizeOf(request.spec, outcomes), {
    type: options.domainType,
    name: options.name,
    uuid,
    architecture: offered.architecture,
    machine: offered.machine,
    firmware,
    tpm: tpmOf(request.spec, offered, outcomes),
    interfaces: chooseInterfaces(request.spec, options, await host.networks(call), outcomes),
    disks: slots.flatMap((slot, index) => {
      const [place, disk] = [places[index], request.disks[index]];
      if (place === undefined || disk === undefined) return [];
      const readOnly = request.spec.disks.find(({ id }) => id === disk.id)?.readOnly === true;
      const { format, path } = place;
      return [{ slot, format, source: { type: 'file', path }, sectorBytes: disk.sectorBytes, readOnly }];
    }),
  });
  const xml = serializeDomain(domain, {
    cpuMode: CPU_MODES[options.domainType].find((mode) => offered.cpuModes.includes(mode)),
    clock: request.spec.guest?.family === 'windows' ? 'localtime' : 'utc',
    metadata: planMark(plan),
    screen: options.screen,
  });
  return { uuid, xml, nvramPath: firmware.nvram === undefined ? null : nvramPath };
}
