import { basename } from 'node:path';
import type { BlockWriter, PlannedDisk, RestorePlan } from '@sendense/core';
import { createDiskImage } from '@sendense/formats';
import { createQcow2 } from '@sendense/formats/qcow2';
import { createRaw } from '@sendense/formats/raw';
import { createVmdk } from '@sendense/formats/vmdk';
import type { TargetContext } from './context.ts';
import { type Destination, locationOf } from './destination.ts';
import { driverFor } from './driver-for.ts';
import { RangeWriter } from './range-writer.ts';
import type { RestoreMemory } from './restore-memory.ts';
import { WholeWriter } from './whole-writer.ts';

/** What the disks of one restore share. */
export type RestoreScope = {
  readonly context: TargetContext;
  readonly destination: Destination;
  readonly plan: RestorePlan;
  readonly memory: RestoreMemory;
};

/** Makes a new file at `path`; what an earlier attempt of the same plan left there goes first. */
async function newFile(
  { context, destination }: RestoreScope,
  planned: PlannedDisk,
  path: string,
): Promise<BlockWriter> {
  const { fileSystem, options, drivers } = context;
  const { targetSizeBytes: sizeBytes } = planned;
  if ((await fileSystem.stat(path)) !== undefined) await fileSystem.unlink(path);
  if (destination.format === 'raw') return await createRaw(path, { fileSystem, sizeBytes, drivers });
  const { compression, subformat } = options;
  const { format } = destination;
  const file = { fileSystem, sizeBytes };
  if (format === 'vmdk')
    return await createVmdk(path, {
      ...file,
      subformat: subformat === 'streamOptimized' ? subformat : 'monolithicSparse',
      // the name that it gets, not the one of the unfinished file
      name: basename(locationOf(destination, planned.number)),
    });
  if (format === 'vhd' || format === 'vhdx')
    return await createDiskImage(path, {
      ...file,
      format,
      sectorBytes: planned.sectorBytes,
      // a fixed VHD rounds up itself, and keeps the true size beside that
      ...(format === 'vhd' && { sizeBytes: planned.sizeBytes }),
      ...(subformat && { subformat }),
    });
  return await createQcow2(path, {
    fileSystem,
    sizeBytes,
    ...(compression === undefined ? {} : { compression }),
  });
}

function rangeWriter(
  { context, memory }: RestoreScope,
  { id }: PlannedDisk,
  inner: BlockWriter,
): BlockWriter {
  return new RangeWriter(inner, {
    durable: memory.disk(id).durable.map(([offset, length]) => ({ offset, length })),
    checkpointBytes: context.options.checkpointBytes,
    save: (ranges) =>
      memory.changeDisk(id, { durable: ranges.map(({ offset, length }) => [offset, length]) }),
  });
}

function wholeWriter(
  scope: RestoreScope,
  planned: PlannedDisk,
  path: string,
  created?: BlockWriter,
): BlockWriter {
  const { memory } = scope;
  return new WholeWriter({
    sizeBytes: planned.targetSizeBytes,
    create: () => newFile(scope, planned, path),
    ...(created === undefined ? {} : { created }),
    isFlushed: created === undefined && memory.disk(planned.id).flushed,
    save: (flushed) => memory.changeDisk(planned.id, { flushed }),
  });
}

async function inPlaceWriter({ context, destination }: RestoreScope, path: string): Promise<BlockWriter> {
  const kind = destination.kind === 'device' ? 'device' : 'file';
  const endpoint = { kind, path } as const;
  return await driverFor(context, endpoint, 'write').openWriter(endpoint);
}

/** The writer of a disk that is begun: of a new file at `path`, or of the device that `path` is. */
export async function createDiskWriter(
  scope: RestoreScope,
  planned: PlannedDisk,
  path: string,
): Promise<BlockWriter> {
  if (scope.destination.kind === 'device')
    return rangeWriter(scope, planned, await inPlaceWriter(scope, path));
  const created = await newFile(scope, planned, path);
  return scope.destination.format === 'raw'
    ? rangeWriter(scope, planned, created)
    : wholeWriter(scope, planned, path, created);
}

/** The writer that goes on with the file at `path` of an earlier attempt. */
export async function resumeDiskWriter(
  scope: RestoreScope,
  planned: PlannedDisk,
  path: string,
): Promise<BlockWriter> {
  if (scope.destination.format === 'raw')
    return rangeWriter(scope, planned, await inPlaceWriter(scope, path));
  return wholeWriter(scope, planned, path);
}
