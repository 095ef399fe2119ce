import {
  type Call,
  type ConvertRequest,
  type ConvertResult,
  type Finding,
  throwIfAborted,
} from '@sendense/core';
import { identitiesOf, refuseInUse, refuseTaken, resolveTarget } from '@sendense/plugin-kit/files';
import type { DiskImage } from '../disk-image.ts';
import { lostSectorSize, sectorBytesOf } from '../sector-size.ts';
import { flatExtentPath } from '../vmdk/flat-extent-path.ts';
import type { WriterCheckpoint } from '../writer-checkpoint.ts';
import type { ConverterContext } from './context.ts';
import { ConversionFolder } from './conversion-folder.ts';
import { lockTarget } from './conversion-lock.ts';
import { openSource, sourceFiles } from './conversion-source.ts';
import { copyDisk } from './copy-disk.ts';
import { openTarget } from './open-target.ts';
import { refuseTooMuchData } from './refuse-too-much-data.ts';
import { SteadySource } from './steady-source.ts';
import { takeBack } from './take-back.ts';
import { planTarget, type TargetPlan } from './target-plan.ts';

/**
 * Converts a file; see `FormatConverter.convert`. Rejects with `LOCKED` when QEMU may write to a file of the source, and with
 * `INSTANT_LOST` when one changed while it was copied.
 */
export async function convertFile(
  context: ConverterContext,
  request: ConvertRequest,
  call?: Call,
): Promise<ConvertResult> {
  const files = await sourceFiles(context, request);
  await using source = await openSource(context, request);
  const steady = new SteadySource(context, source, files);
  await steady.refuseWritten();
  const target = await resolveTarget(context.fileSystem, request.target.path);
  const plan = planTarget(context, request, source);
  const kept = await identitiesOf(context.fileSystem, source.allFiles);
  const { overwrite } = request;
  await using lock = context.options.resume ? await lockTarget(context, target) : undefined;
  if (lock !== undefined) await takeBack(context, target, kept);
  for (const name of namesOf(target, plan)) await refuseTaken(context.fileSystem, name, { overwrite, kept });
  await refuseAnyInUse(context, target, plan);
  await refuseTooMuchData(plan, source, call);
  const begunMs = context.clock.monotonicMs();
  await using folder = await ConversionFolder.begin(context, target, plan, {
    format: source.info.format,
    sizeBytes: source.sizeBytes,
    files,
  });
  const { sizeBytes, bytesRead } = await steady.during(() =>
    writeTarget(context, folder, plan, source, call),
  );
  throwIfAborted(call?.signal, 'convert-file');
  await refuseAnyInUse(context, target, plan);
  await steady.refuseChanged();
  const fileSizeBytes = await folder.publish(overwrite, kept);
  context.rates.note(plan, bytesRead, context.clock.monotonicMs() - begunMs);
  return {
    format: plan.format,
    subformat: plan.subformat ?? null,
    virtualSizeBytes: sizeBytes,
    fileSizeBytes,
    findings: [
      ...source.info.warnings,
      ...folder.findings,
      ...roundedUp(source.sizeBytes, sizeBytes),
      ...lostSectors(source, plan),
    ],
  };
}

async function writeTarget(
  context: ConverterContext,
  folder: ConversionFolder,
  plan: TargetPlan,
  source: DiskImage,
  call: Call | undefined,
): Promise<{ readonly sizeBytes: number; readonly bytesRead: number }> {
  await using to = await openTarget(context, folder, plan);
  const { doneBytes } = folder.checkpoint;
  const note = context.options.resume && { note: (checkpoint: WriterCheckpoint) => folder.note(checkpoint) };
  const bytesRead = await copyDisk(context, { from: source, to, doneBytes, ...note }, call);
  return { sizeBytes: to.sizeBytes, bytesRead };
}

/** Rejects with `LOCKED` when QEMU has open what the target would replace. */
async function refuseAnyInUse(
  { fileSystem, imageLocks }: ConverterContext,
  target: string,
  plan: TargetPlan,
): Promise<void> {
  for (const name of namesOf(target, plan)) await refuseInUse(fileSystem, imageLocks, name);
}

/** Every name that a target gets. */
function namesOf(target: string, { subformat }: TargetPlan): readonly string[] {
  return subformat === 'monolithicFlat' ? [target, flatExtentPath(target)] : [target];
}

function roundedUp(sizeBytes: number, targetBytes: number): readonly Finding[] {
  if (sizeBytes === targetBytes) return [];
  const message = `the disk has ${sizeBytes} bytes and its copy ${targetBytes}: zeros were added at the end`;
  return [{ severity: 'info', code: 'size-rounded-up', message }];
}

function lostSectors(source: DiskImage, { format }: TargetPlan): readonly Finding[] {
  const finding = lostSectorSize(format, sectorBytesOf(source));
  return finding === undefined ? [] : [finding];
}
