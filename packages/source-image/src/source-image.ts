import {
  type Call,
  type Capture,
  type CapturePlan,
  type CaptureRequest,
  type Plugin,
  SendenseError,
  type SourceConnector,
  systemClock,
  systemRandom,
  throwIfAborted,
} from '@sendense/core';
import { closeImages, removeBaselines } from '@sendense/platform-image';
import { isNamedBy, parseBitmapName } from '@sendense/plugin-kit/baselines';
import { linuxImageLocks, nodeFileSystem } from '@sendense/plugin-kit/files';
import { capabilitiesOf } from './capabilities.ts';
import { checkConsistency, decideDisks, diskFindings, planOf, skippedDisks } from './capture-plan.ts';
import { imageFile, type SourceContext } from './context.ts';
import { diskIdsOf } from './disk-id.ts';
import { type FoundImages, findImages } from './find-images.ts';
import { imageCapture } from './image-capture.ts';
import { instantOf } from './instant-of.ts';
import { checkMachine, machineName, machineOf, machineSpecOf } from './machine.ts';
import { type OpenedDisks, openDisks } from './opened-disk.ts';
import { checkOptions, type ImageSourceOptions, imageSourceOptionsSchema } from './options.ts';
import { reconcileBaselines } from './reconcile-baselines.ts';
import { retireBaselines } from './retire-baselines.ts';
import type { ImageSourceServices } from './services.ts';

const NONE: FoundImages = { folder: undefined, paths: [], findings: [] };

/** The images for clean-up: where they are gone there is nothing to clean. */
async function findRemaining(context: SourceContext): Promise<FoundImages> {
  return await findImages(context).catch((error: unknown) => {
    if (SendenseError.is(error, 'NOT_FOUND')) return NONE;
    throw error;
  });
}

/** Opens the disks of a request, runs `use`, and closes them unless it keeps them. */
async function withDisks<T>(
  context: SourceContext,
  found: FoundImages,
  request: Pick<CaptureRequest, 'disks'>,
  use: (opened: OpenedDisks) => Promise<{ readonly result: T; readonly keep?: boolean }>,
): Promise<T> {
  const opened = await openDisks(context, found, new Set(request.disks?.exclude));
  let keep = false;
  try {
    const used = await use(opened);
    keep = used.keep ?? false;
    return used.result;
  } finally {
    if (!keep) await closeImages(opened.disks);
  }
}

async function planCapture(
  context: SourceContext,
  request: CaptureRequest,
  call?: Call,
): Promise<CapturePlan> {
  const found = await findImages(context);
  checkMachine(request.machine, machineOf(context.options, found));
  const weakened = checkConsistency(request);
  return await withDisks(context, found, request, async ({ disks, findings: noticed }) => {
    const decided = await decideDisks(context, request, disks, call);
    const findings = [...found.findings, ...noticed, ...weakened, ...diskFindings(decided)];
    return { result: planOf(decided, skippedDisks(context, found, request), findings) };
  });
}

/** Removes the bitmaps that an earlier call with this id left; those that a given state names are no leftovers. */
async function removeLeftovers(
  context: SourceContext,
  found: FoundImages,
  request: CaptureRequest,
): Promise<void> {
  const isLeft = (name: string) =>
    parseBitmapName(name)?.capture === request.id && !isNamedBy(request.since, name);
  const ids = diskIdsOf(found.paths, context.options.machineId);
  for (const [index, path] of found.paths.entries()) {
    const isExcluded = request.disks?.exclude.some((id) => id === ids[index]) ?? false;
    if (!isExcluded) await removeBaselines(context, imageFile(context, path), isLeft);
  }
}

async function capture(
  context: SourceContext,
  open: Set<Capture>,
  request: CaptureRequest,
  call?: Call,
): Promise<Capture> {
  const found = await findImages(context);
  const { options } = context;
  const machine = machineOf(options, found);
  checkMachine(request.machine, machine);
  const weakened = checkConsistency(request);
  if (options.track === 'auto') await removeLeftovers(context, found, request);
  throwIfAborted(call?.signal, 'capture-image');
  return await withDisks(context, found, request, async ({ disks, findings: noticed }) => {
    const decided = await decideDisks(context, request, disks, call);
    const parts = {
      instant: await instantOf(context, request, disks),
      captureId: request.id,
      stream: request.stream,
      machine,
      disks: decided,
      spec: machineSpecOf(machineName(options, found), disks),
      skipped: skippedDisks(context, found, request),
      findings: [...found.findings, ...noticed, ...weakened, ...diskFindings(decided)],
      closed: (closed: Capture) => void open.delete(closed),
    };
    const result = imageCapture(context, parts);
    open.add(result);
    return { result, keep: true };
  });
}

/**
 * Backs up disk image files at rest as one machine; nothing is needed but the files. Increments come from dirty
 * bitmaps that the source keeps in QCOW2 images. Throws `CONFIG_INVALID` for wrong options.
 */
export function createImageSource(
  options: ImageSourceOptions,
  services: ImageSourceServices = {},
): SourceConnector {
  const context: SourceContext = {
    options: checkOptions(options),
    fileSystem: services.fileSystem ?? nodeFileSystem,
    clock: services.clock ?? systemClock,
    random: services.random ?? systemRandom,
    drivers: services.drivers ?? [],
    imageLocks: services.imageLocks ?? linuxImageLocks,
  };
  const captures = new Set<Capture>();
  return {
    specificationVersion: 'v1',
    platform: 'image',
    capabilities: capabilitiesOf(context.options),
    async *machines(filter) {
      const found = await findImages(context);
      const name = machineName(context.options, found);
      const matches = filter?.tag === undefined && (filter?.name ?? name) === name;
      if (matches) yield { machine: machineOf(context.options, found), name, power: 'off' };
    },
    async describe(machine) {
      const found = await findImages(context);
      checkMachine(machine, machineOf(context.options, found));
      return await withDisks(context, found, {}, async ({ disks }) => {
        return { result: machineSpecOf(machineName(context.options, found), disks) };
      });
    },
    plan: (request, call) => planCapture(context, request, call),
    capture: (request, call) => capture(context, captures, request, call),
    retire: async (states) => retireBaselines(context, await findRemaining(context), states),
    reconcile: async (keep) => reconcileBaselines(context, await findRemaining(context), keep),
    async [Symbol.asyncDispose]() {
      for (const opened of captures) await opened[Symbol.asyncDispose]();
    },
  };
}

/** Lets a host find and configure the source by name. */
export const plugin: Plugin<'source', ImageSourceOptions> = {
  kind: 'source',
  name: 'image',
  specificationVersion: 'v1',
  options: imageSourceOptionsSchema,
  create: async (options, { clock, random, drivers }) =>
    createImageSource(options, { clock, random, drivers }),
};
