import type { ConvertRequest, DiskFormat } from '@sendense/core';
import { roundUpSize, SIZE_RULES, type SizeRule } from '../size-rules.ts';
import { subformatOf } from '../subformats.ts';
import type { ConverterContext } from './context.ts';

/** What is made of a source. */
export type TargetPlan = {
  readonly format: DiskFormat;
  readonly subformat: string | undefined;
  /** Size of the disk, never below the source's. */
  readonly sizeBytes: number;
  readonly isForAzure: boolean;
};

/** Decides what the target will be. Throws `CONFIG_INVALID` and `FORMAT_UNSUPPORTED` (a limit of the format). */
export function planTarget(
  { options: { sizeFor } }: ConverterContext,
  { target: { format, subformat } }: ConvertRequest,
  source: { readonly sizeBytes: number },
): TargetPlan {
  const kind = subformatOf(format, subformat);
  const place = sizeFor === undefined ? [] : [SIZE_RULES[sizeFor]];
  const sizeBytes = roundUpSize(source.sizeBytes, [...rulesOf(format, kind, sizeFor), ...place]);
  return { format, subformat: kind, sizeBytes, isForAzure: sizeFor === 'azure' };
}

/** A fixed VHD for Azure is a format of its own: larger than others may be. */
function rulesOf(format: DiskFormat, subformat: string | undefined, sizeFor: string | undefined): SizeRule[] {
  if (format !== 'vhd' || subformat !== 'fixed') return [SIZE_RULES[format]];
  return sizeFor === 'azure' ? [] : [SIZE_RULES.vhdFixed];
}
