import {
  type CompatibilityReport,
  type DiskFormat,
  type Finding,
  type PropertyOutcome,
  planId,
  type RestorePlan,
  type RestoreRequest,
  type TargetCapabilities,
} from '@sendense/core';
import { lostSectorSize } from '@sendense/formats';
import type { TargetContext } from './context.ts';
import { type Destination, findDestination, locationOf } from './destination.ts';
import { deviceBytes } from './device-bytes.ts';
import { refuseDestination } from './refuse-destination.ts';

type RequestedDisk = RestoreRequest['disks'][number];

/** The platform of image files, for sources and targets. */
export const PLATFORM = 'image';

/** Part that the tables of a file take at most, and what is fixed or rounded up in bytes (a block of VHDX: 32 MiB). */
const TABLES = { share: { raw: 0, qcow2: 200e-6, vmdk: 1e-2, vhd: 300e-6, vhdx: 1e-4 }, qcow2Bytes: 2 ** 20 };
const BLOCK_BYTES = 64 * 2 ** 20;

/** Where the data of the VMDK files end that are written here: their sector numbers have 32 bits. */
const SPARSE_VMDK_BYTES = 2 ** 41;

function error(code: string, message: string): Finding {
  return { severity: 'error', code, message };
}

/** What stands against the request itself. */
function requestFindings(
  request: RestoreRequest,
  destination: Destination,
  capabilities: TargetCapabilities,
): Finding[] {
  const findings: Finding[] = [];
  if (!capabilities.into.includes(request.into)) {
    findings.push(error('into-unsupported', 'image files are disks: no machine can be made or changed here'));
  }
  if (request.start) findings.push(error('start-unsupported', 'image files cannot be started'));
  if (destination.kind !== 'folder' && request.disks.length > 1) {
    const message = `${request.disks.length} disks do not fit into one file: name a folder, or choose one disk`;
    findings.push(error('too-many-disks', message));
  }
  for (const { id, sizeBytes } of request.disks) {
    if (sizeBytes <= capabilities.maxDiskBytes) continue;
    const message = `disk ${id} has ${sizeBytes} bytes; ${capabilities.maxDiskBytes} is the most here`;
    findings.push({ ...error('disk-too-large', message), disk: id });
  }
  return findings;
}

/** Bytes that the files take at most. */
export function spaceNeeded(disks: readonly { readonly sizeBytes: number }[], format: DiskFormat): number {
  const data = disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (format === 'raw') return data;
  const fixed = format === 'qcow2' ? TABLES.qcow2Bytes : BLOCK_BYTES;
  return Math.ceil(data * (1 + TABLES.share[format])) + disks.length * fixed;
}

/** Disks are stored sparsely, so the whole size is an upper bound: not having it is no error yet. */
async function spaceFindings(
  { fileSystem }: TargetContext,
  destination: Destination,
  request: RestoreRequest,
): Promise<Finding[]> {
  if (destination.kind === 'device' || destination.isFolderMissing) return [];
  const { availableBytes } = await fileSystem.space(destination.folder);
  const needed = spaceNeeded(request.disks, destination.format);
  if (needed <= availableBytes) return [];
  const message = `the disks take up to ${needed} bytes and ${availableBytes} are free in ${destination.folder}`;
  return [{ severity: 'warning', code: 'space-may-run-out', message }];
}

async function destinationFindings(
  context: TargetContext,
  destination: Destination,
  request: RestoreRequest,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { id, number, sizeBytes } of request.disks) {
    const location = locationOf(destination, number);
    await refuseDestination(context, destination, location);
    if (destination.kind === 'device') {
      findings.push({
        severity: 'warning',
        code: 'device-overwritten',
        message: `all data on ${location} is replaced`,
      });
      const size = await deviceBytes(context, location);
      if (size < sizeBytes) {
        findings.push({
          ...error('device-too-small', `${location} has ${size} bytes, the disk ${sizeBytes}`),
          disk: id,
        });
      }
    }
    if (request.overwrite || (await context.fileSystem.stat(location)) === undefined) continue;
    const message = `${location} is there already: the restore will be refused unless it may be overwritten`;
    findings.push({ severity: 'warning', code: 'target-exists', message, disk: id, object: location });
  }
  return findings;
}

/** A value that says nothing is not lost. */
function saysNothing(value: unknown): boolean {
  return value === undefined || value === 'unknown' || (Array.isArray(value) && value.length === 0);
}

/** A file holds a disk's bytes and nothing else of the machine. */
function outcomes({ spec }: RestoreRequest, destination: Destination): PropertyOutcome[] {
  const present = Object.entries(spec).filter(([name, value]) => name !== 'schema' && !saysNothing(value));
  return present.map(([property, value]) => {
    const from = typeof value === 'string' ? value : JSON.stringify(value);
    if (property === 'disks' || value === PLATFORM) return { property, outcome: 'kept', from, to: from };
    if (property !== 'name') return { property, outcome: 'lost', from, to: null };
    return { property, outcome: 'approximated', from, to: destination.name ?? destination.folder };
  });
}

/** A VHDX has whole sectors of the size that it states. */
function roundedSize(
  { sizeBytes, sectorBytes }: Pick<RequestedDisk, 'sizeBytes' | 'sectorBytes'>,
  { format }: Destination,
  multipleBytes: number,
): number {
  const multiple = Math.max(multipleBytes, format === 'vhdx' ? sectorBytes : 1);
  return Math.ceil(sizeBytes / multiple) * multiple;
}

function mayNotFit(id: string): Finding {
  const message = `a sparse VMDK holds less than 2 TiB of data: the restore of disk ${id} fails when it has more`;
  return { severity: 'warning', code: 'data-may-not-fit', message };
}

/** What becomes of sizes and sectors: a file is another disk where its format cannot say what the disk was. */
function shapeFindings(
  request: RestoreRequest,
  destination: Destination,
  capabilities: TargetCapabilities,
): Finding[] {
  if (destination.kind === 'device') return [];
  return request.disks.flatMap((disk) => {
    const { id, sizeBytes, sectorBytes } = disk;
    const targetBytes = roundedSize(disk, destination, capabilities.sizeMultipleBytes);
    const message = `disk ${id} has ${sizeBytes} bytes and its file ${targetBytes}: zeros are added at the end`;
    const rounded: Finding = { severity: 'info', code: 'size-rounded-up', message };
    const lost = lostSectorSize(destination.format, sectorBytes);
    const found = [
      ...(targetBytes === sizeBytes ? [] : [rounded]),
      ...(lost ? [lost] : []),
      ...(destination.format === 'vmdk' && sizeBytes >= SPARSE_VMDK_BYTES ? [mayNotFit(id)] : []),
    ];
    return found.map((finding) => ({ ...finding, disk: id }));
  });
}

async function planOf(
  context: TargetContext,
  destination: Destination,
  request: RestoreRequest,
  multiple: number,
): Promise<RestorePlan> {
  const { spec, into, overwrite, start, options } = request;
  const disks = [];
  for (const { id, number, slot, sizeBytes, sectorBytes } of request.disks) {
    const location = locationOf(destination, number);
    const targetSizeBytes =
      destination.kind === 'device'
        ? await deviceBytes(context, location)
        : roundedSize({ sizeBytes, sectorBytes }, destination, multiple);
    disks.push({ id, number, slot, sizeBytes, sectorBytes, targetSizeBytes, location });
  }
  return {
    schema: 1,
    id: planId(`${context.options.owner}-${context.random.uuid()}`),
    platform: PLATFORM,
    into,
    overwrite,
    start,
    spec,
    disks,
    options: options as RestorePlan['options'],
  };
}

/**
 * Says whether the disks can be restored to the destination, and how; looks and writes nothing. Rejects like
 * {@link refuseDestination} for a place that must not be written to.
 */
export async function checkRestore(
  context: TargetContext,
  request: RestoreRequest,
  capabilities: TargetCapabilities,
): Promise<CompatibilityReport> {
  const destination = await findDestination(context);
  const findings = [
    ...requestFindings(request, destination, capabilities),
    ...shapeFindings(request, destination, capabilities),
    ...(await destinationFindings(context, destination, request)),
    ...(await spaceFindings(context, destination, request)),
  ];
  const compatible = findings.every(({ severity }) => severity !== 'error');
  const plan = compatible
    ? await planOf(context, destination, request, capabilities.sizeMultipleBytes)
    : null;
  return { compatible, findings, properties: outcomes(request, destination), plan };
}
