import {
  type Call,
  type CompatibilityReport,
  type PlanId,
  type PlannedDisk,
  planId,
  type RestorePlan,
  type RestoreRequest,
  throwIfAborted,
} from '@sendense/core';
import { LIBVIRT_PLATFORM } from '@sendense/platform-kvm/domain';
import type { TargetContext } from '../context.ts';
import { designDomain } from '../design/design-domain.ts';
import { Outcomes } from '../design/outcomes.ts';
import { isOff } from '../host/libvirt-host.ts';
import { checkFolder, type DiskPlace, imageTargetFor, newDiskPlace } from './disk-place.ts';
import { existingPlaces } from './existing-disks.ts';
import { type PlanDetails, serializeDetails } from './plan-details.ts';
import { variablesPath } from './variables-file.ts';

type Decided = { readonly places: readonly DiskPlace[]; readonly details: PlanDetails | undefined };

/** Sectors, whatever the format: QEMU reads nothing smaller. */
const SECTOR_BYTES = 512;

/** What target-image says of each disk's place: whether it may be written to, what is there, whether it is large enough. */
async function planDisks(
  context: TargetContext,
  request: RestoreRequest,
  places: readonly DiskPlace[],
  outcomes: Outcomes,
): Promise<readonly PlannedDisk[]> {
  const planned: PlannedDisk[] = [];
  for (const [index, disk] of request.disks.entries()) {
    const place = places[index];
    if (place === undefined) continue;
    await using target = imageTargetFor(context, place);
    const report = await target.check({
      ...request,
      disks: [disk],
      into: 'disks-only',
      start: false,
      options: {},
    });
    // The domain of a new machine states the sectors that a file cannot.
    const isStated = request.into === 'new-machine';
    outcomes.findings.push(
      ...report.findings.filter(({ code }) => !(isStated && code === 'sector-size-lost')),
    );
    for (const one of report.plan?.disks ?? []) {
      const multiple = Math.max(1, Math.ceil(one.targetSizeBytes / SECTOR_BYTES)) * SECTOR_BYTES;
      planned.push({ ...one, targetSizeBytes: place.isDevice ? one.targetSizeBytes : multiple });
    }
  }
  return planned;
}

/** The disks are all that is restored: what else the machine has is lost, or stays as it is. */
function machineOutcomes(request: RestoreRequest, outcomes: Outcomes): void {
  const { schema: _schema, disks: _disks, ...properties } = request.spec;
  for (const [property, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (request.into === 'disks-only') outcomes.lost(property, value);
    else outcomes.approximated(property, value, 'as the domain has it');
  }
}

async function decideMachine(
  context: TargetContext,
  request: RestoreRequest,
  plan: PlanId,
  outcomes: Outcomes,
  call: Call | undefined,
): Promise<Decided> {
  const { host, options } = context;
  const places = request.disks.map(({ number }) => newDiskPlace(context, number));
  const there = await host.find(options.name, call);
  if (there !== undefined && !request.overwrite) {
    const message = `libvirt has a domain ${options.name}: the restore will be refused unless it may be overwritten`;
    outcomes.warn('target-exists', message);
  }
  if (there !== undefined && request.overwrite && !isOff(there)) {
    outcomes.refuse('machine-running', `${options.name} is ${there.state}: stop it first`);
  }
  const nvramPath = variablesPath(options, plan);
  const input = { request, plan, places, replacedUuid: there?.uuid, nvramPath };
  const domain = await designDomain(context, input, outcomes, call);
  if (domain === undefined) return { places, details: undefined };
  const named = { ...domain, name: options.name, replaces: there !== undefined };
  return { places, details: { schema: 1, places, domain: named, existing: null } };
}

async function decide(
  context: TargetContext,
  request: RestoreRequest,
  plan: PlanId,
  outcomes: Outcomes,
  call: Call | undefined,
): Promise<Decided> {
  if (request.into !== 'existing-disks') await checkFolder(context);
  if (request.into === 'new-machine') return await decideMachine(context, request, plan, outcomes, call);
  machineOutcomes(request, outcomes);
  if (request.into === 'disks-only') {
    if (request.start) outcomes.refuse('start-unsupported', 'disks alone cannot be started');
    const places = request.disks.map(({ number }) => newDiskPlace(context, number));
    outcomes.kept('disks', places);
    return { places, details: { schema: 1, places: [...places], domain: null, existing: null } };
  }
  const { found, places } = await existingPlaces(context, request, outcomes, call);
  if (found === undefined || places.length === 0) return { places, details: undefined };
  const existing = { uuid: found.uuid, name: found.domain.name };
  return { places, details: { schema: 1, places: [...places], domain: null, existing } };
}

/** The TPM's content is nowhere restored: libvirt keeps it out of reach. */
function artifactOutcomes({ artifacts = [], into }: RestoreRequest, outcomes: Outcomes): void {
  for (const { name } of artifacts) {
    if (name === 'native-config') continue;
    if (name === 'nvram' && into === 'new-machine') continue;
    outcomes.warn('artifact-not-restored', `the ${name} of the point is not restored`);
  }
}

/** Says whether the machine can be restored here, and how; looks and writes nothing. See `TargetConnector.check`. */
export async function checkRestore(
  context: TargetContext,
  request: RestoreRequest,
  call: Call | undefined,
): Promise<CompatibilityReport> {
  throwIfAborted(call?.signal, 'check-restore');
  const { options, random } = context;
  const id = planId(`${options.owner}-${random.uuid()}`);
  const outcomes = new Outcomes();
  const { places, details } = await decide(context, request, id, outcomes, call);
  const disks = await planDisks(context, request, places, outcomes);
  artifactOutcomes(request, outcomes);
  throwIfAborted(call?.signal, 'check-restore');
  const { findings, properties, compatible } = outcomes;
  if (!compatible || details === undefined) return { compatible: false, findings, properties, plan: null };
  const { into, overwrite, start, spec } = request;
  const plan: RestorePlan = {
    schema: 1,
    id,
    platform: LIBVIRT_PLATFORM,
    into,
    overwrite,
    start,
    spec,
    disks: [...disks],
    options: serializeDetails(details) as RestorePlan['options'],
    ...(request.existing === undefined ? {} : { existing: request.existing }),
  };
  return { compatible, findings, properties, plan };
}
