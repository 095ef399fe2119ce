import {
  type Call,
  type CompatibilityReport,
  planId,
  type RestorePlan,
  type RestoreRequest,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import {
  findPlaces,
  hasFiles,
  type Places,
  readDatastore,
  type VimClient,
  type VimDatastore,
  VMWARE_PLATFORM,
} from '@sendense/platform-vmware';
import type { TargetContext } from '../context.ts';
import { chooseSeats } from '../design/choose-seats.ts';
import { designMachine } from '../design/design-machine.ts';
import { Outcomes } from '../design/outcomes.ts';
import { planDisks } from '../design/plan-disks.ts';
import { machinesIn } from './find-machines.ts';
import { lookForTags } from './look-for-tags.ts';
import { serializeDetails } from './plan-details.ts';
import { serverId } from './server-id.ts';
import { unfitVariables } from './unfit-variables.ts';

async function refusals(
  { options }: TargetContext,
  client: VimClient,
  request: RestoreRequest,
  { folder }: Places,
  outcomes: Outcomes,
  call: Call | undefined,
): Promise<void> {
  const { into, overwrite } = request;
  if (into !== 'new-machine')
    outcomes.tell(
      'error',
      'way-unsupported',
      `nothing is restored into ${into} here: disks are written whole, as new ones`,
    );
  const there = (await machinesIn(client, folder, call)).find(({ name }) => name === options.name);
  if (there === undefined) return;
  if (!overwrite) {
    const message = `there is a machine ${options.name}: the restore will be refused unless it may be overwritten`;
    outcomes.tell('warning', 'target-exists', message);
  } else if (!there.isOff)
    outcomes.tell('error', 'machine-running', `${options.name} is not off: stop it first`);
}

/** What is true of the way that the disks take. */
function wayOutcomes({ options }: TargetContext, datastore: VimDatastore, outcomes: Outcomes): boolean {
  const canHoldFiles = hasFiles(datastore);
  if (options.via === 'datastore') {
    if (!canHoldFiles)
      outcomes.tell(
        'error',
        'upload-unsupported',
        `flat disks cannot be put on a datastore of ${datastore.type}: restore by lease`,
      );
    if (options.provisioning === 'thin')
      outcomes.tell(
        'warning',
        'provisioning-thick',
        'disks that are put on a datastore take all of their space there',
      );
  }
  return canHoldFiles;
}

function artifactOutcomes({ artifacts = [] }: RestoreRequest, outcomes: Outcomes): void {
  for (const { name } of artifacts) {
    if (name === 'native-config' || name === 'nvram') continue;
    outcomes.tell('warning', 'artifact-not-restored', `the ${name} of the point is not restored`);
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
  const client = await context.connect(call);
  const outcomes = new Outcomes();
  const places = await findPlaces(client, options, call);
  await refusals(context, client, request, places, outcomes, call);
  const datastore = await readDatastore(client, places.datastore, call);
  const canHoldFiles = wayOutcomes(context, datastore, outcomes);
  const place = {
    networks: places.networks,
    canHoldFiles,
    unfitVariables: await unfitVariables(request, options, canHoldFiles, call),
    tags: await lookForTags(client, request.spec, call),
  };
  const { machine, tags } = designMachine(request, options, place, outcomes);
  const seats = chooseSeats(request, options, outcomes);
  const disks = planDisks(request, options, places.datastoreName, outcomes);
  artifactOutcomes(request, outcomes);
  throwIfAborted(call?.signal, 'check-restore');
  const { findings, properties, compatible } = outcomes;
  if (!compatible) return { compatible, findings, properties, plan: null };
  if (disks.length === 0) throw noDisks();
  const { datacenter, datacenterPath, datastoreName, pool, folder, host } = places;
  const { into, overwrite, start, spec } = request;
  const plan: RestorePlan = {
    schema: 1,
    id: planId(`${options.owner}-${random.uuid()}`),
    platform: VMWARE_PLATFORM,
    into,
    overwrite,
    start,
    spec,
    disks: [...disks],
    options: serializeDetails({
      schema: 1,
      server: serverId(client),
      name: options.name,
      datacenter,
      datacenterPath,
      datastore: datastoreName,
      pool,
      folder,
      host: host ?? null,
      hasFiles: canHoldFiles,
      via: options.via,
      provisioning: options.provisioning,
      machine,
      seats: [...seats],
      tags: [...tags],
    }) as RestorePlan['options'],
  };
  return { compatible, findings, properties, plan };
}

function noDisks(): SendenseError {
  return new SendenseError('CONFIG_INVALID', 'no disk is to be restored', {
    operation: 'check-restore',
    remedy: 'name the disks to restore',
  });
}
