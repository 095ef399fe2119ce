import { dirname } from 'node:path';
import {
  type Call,
  type CompatibilityReport,
  type PlannedDisk,
  planId,
  type RestoreRequest,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import { capabilities, SIZE_MULTIPLE_BYTES } from '../capabilities.ts';
import { Outcomes } from '../design/outcomes.ts';
import type { PackageContext } from './package-context.ts';
import { designPackage } from './package-design.ts';
import { diskFileName, findPackagePlace, type PackagePlace } from './package-place.ts';
import { isTaken, refusePlace } from './refuse-place.ts';
import { MAX_USTAR_BYTES } from './tar-header.ts';

/** The platform of the target: packages, whoever runs them. */
export const OVF_PLATFORM = 'ovf';

/** Bytes of a stream that its sectors of 32 bits count. */
const MAX_STREAM_BYTES = 2 ** 41;

function planDisk(
  disk: RestoreRequest['disks'][number],
  place: PackagePlace,
  outcomes: Outcomes,
): PlannedDisk {
  const { id, number, sizeBytes, sectorBytes } = disk;
  const { minDiskBytes, maxDiskBytes } = capabilities;
  const rounded = Math.ceil(sizeBytes / SIZE_MULTIPLE_BYTES) * SIZE_MULTIPLE_BYTES;
  const targetSizeBytes = Math.max(rounded, minDiskBytes);
  const name = `disk-${number}`;
  outcomes.became(`disks[${number}].sizeBytes`, sizeBytes, targetSizeBytes);
  if (targetSizeBytes > maxDiskBytes)
    outcomes.tell('error', 'disk-too-large', `${name} is larger than the 62 TiB of vSphere`, id);
  else if (targetSizeBytes !== sizeBytes)
    outcomes.tell('info', 'size-rounded-up', `${name} becomes ${targetSizeBytes} bytes long`, id);
  if (sectorBytes !== 512) {
    const message = `${name} had sectors of ${sectorBytes} bytes and gets 512: its guest may not boot`;
    outcomes.tell('warning', 'sector-size-lost', message, id);
  }
  if (sizeBytes >= MAX_STREAM_BYTES) {
    const message = `a VMDK holds less than 2 TiB of data: the restore of ${name} fails when it has more`;
    outcomes.tell('warning', 'data-may-not-fit', message, id);
  } else if (place.kind === 'archive' && sizeBytes > MAX_USTAR_BYTES) {
    const message = `${name} may take more than 8 GiB, which an archive tells by an extension of tar that old readers lack`;
    outcomes.tell('info', 'large-archive-member', message, id);
  }
  const location = `${place.path}/${diskFileName(place, number)}`;
  return { ...disk, targetSizeBytes, location };
}

function requestOutcomes({ into, start, disks, artifacts = [] }: RestoreRequest, outcomes: Outcomes): void {
  if (into !== 'disks-only') {
    const message = 'a package is files: it describes a machine, and none is made or changed here';
    outcomes.tell('error', 'into-unsupported', message);
  }
  if (start) outcomes.tell('error', 'start-unsupported', 'a package cannot be started');
  if (disks.length === 0) throw noDisks();
  for (const { name } of artifacts) {
    if (name === 'native-config' || name === 'nvram') continue;
    outcomes.tell('warning', 'artifact-not-restored', `the ${name} of the point is not in the package`);
  }
}

async function placeOutcomes(
  context: PackageContext,
  place: PackagePlace,
  { overwrite, disks }: RestoreRequest,
  outcomes: Outcomes,
): Promise<void> {
  await refusePlace(context, place);
  if (!overwrite && (await isTaken(context, place))) {
    const message = `${place.path} is there already: the restore will be refused unless it may be overwritten`;
    outcomes.tell('warning', 'target-exists', message);
  }
  const { availableBytes } = await context.fileSystem.space(dirname(place.path));
  const needed = disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (needed <= availableBytes) return;
  const message = `the disks have ${needed} bytes before they are compressed, and ${availableBytes} are free`;
  outcomes.tell('warning', 'space-may-run-out', message);
}

/** Says what a package can tell of the machine, and what not; looks and writes nothing. See `TargetConnector.check`. */
export async function checkPackage(
  context: PackageContext,
  request: RestoreRequest,
  call: Call | undefined,
): Promise<CompatibilityReport> {
  throwIfAborted(call?.signal, 'check-restore');
  const { options, fileSystem, random } = context;
  const place = await findPackagePlace(fileSystem, options);
  const outcomes = new Outcomes();
  requestOutcomes(request, outcomes);
  await placeOutcomes(context, place, request, outcomes);
  const design = designPackage(request, options, outcomes);
  const disks = request.disks.map((disk) => planDisk(disk, place, outcomes));
  const { findings, properties, compatible } = outcomes;
  if (!compatible) return { compatible, findings, properties, plan: null };
  const { into, overwrite, start, spec } = request;
  const id = planId(`${options.owner}-${random.uuid()}`);
  const plan = { schema: 1, id, platform: OVF_PLATFORM, into, overwrite, start, spec, disks } as const;
  return { compatible, findings, properties, plan: { ...plan, options: design } };
}

function noDisks(): SendenseError {
  return new SendenseError('CONFIG_INVALID', 'no disk is to be restored', {
    operation: 'check-restore',
    remedy: 'name the disks to restore',
  });
}
