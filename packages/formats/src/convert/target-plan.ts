import { type ConvertRequest, type DiskFormat, SendenseError } from '@sendense/core';
import type { DiskImage } from '../disk-image.ts';
import { keepsSectorSize, type SectorBytes, sectorBytesOf } from '../sector-size.ts';
import { roundUpSize, SIZE_RULES } from '../size-rules.ts';
import { subformatOf } from '../subformats.ts';
import { fixedSize } from '../vhd/vhd-size.ts';
import type { ConverterContext } from './context.ts';

/** What is made of a source. */
export type TargetPlan = {
  readonly format: DiskFormat;
  readonly subformat: string | undefined;
  /** Size of the disk, never below the source's. */
  readonly sizeBytes: number;
  /** What the new image is asked for: a fixed VHD rounds up itself, and keeps the true size beside that. */
  readonly askedBytes: number;
  /** A fixed VHD for Azure is a format of its own: larger than others may be. */
  readonly azure: boolean;
  /** Sectors of the source, for a format that states them. */
  readonly sectorBytes: SectorBytes;
};

/** Decides what the target will be. Throws `CONFIG_INVALID` and `FORMAT_UNSUPPORTED` (a limit of the format). */
export function planTarget(
  { options: { sizeFor } }: ConverterContext,
  { target: { format, subformat: asked } }: ConvertRequest,
  source: DiskImage,
): TargetPlan {
  const azure = sizeFor === 'azure';
  const subformat = subformatOf(format, azure && format === 'vhd' ? fixedOnly(asked) : asked);
  const sectorBytes = sectorBytesOf(source);
  const place = sizeFor === undefined ? [] : [SIZE_RULES[sizeFor]];
  if (format === 'vhd' && subformat === 'fixed') {
    const askedBytes = roundUpSize(source.sizeBytes, azure ? [] : place);
    return { format, subformat, azure, sectorBytes, askedBytes, sizeBytes: fixedSize(askedBytes, azure) };
  }
  const rule = { ...SIZE_RULES[format], ...(keepsSectorSize(format) && { multipleBytes: sectorBytes }) };
  const sizeBytes = roundUpSize(source.sizeBytes, [rule, ...place]);
  return { format, subformat, azure: false, sectorBytes, askedBytes: sizeBytes, sizeBytes };
}

/** Azure takes no dynamic VHD. */
function fixedOnly(asked: string | undefined): string {
  if (asked !== 'dynamic') return asked ?? 'fixed';
  throw new SendenseError('CONFIG_INVALID', 'Azure takes fixed VHDs, and a dynamic one was asked for', {
    operation: 'plan-target',
    remedy: 'leave the subformat out, or use fixed',
  });
}
