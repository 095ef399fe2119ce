import type { VolumeAccess } from '@sendense/file-restore';
import { type Command, InvalidArgumentError } from 'commander';

const WAYS: readonly VolumeAccess[] = ['in-process', 'mounted', 'appliance'];

/** `--trust-image` and `--way`. */
export type WayOptions = { readonly trustImage?: true; readonly way?: readonly VolumeAccess[] };

/** Adds `--trust-image` and `--way WAY`, for what looks into the files of a point. */
export function wayFlags(command: Command): Command {
  return command
    .option(
      '--trust-image',
      'as root, have drivers of this machine read what is not read in process: the disks come from a machine that is trusted with this one',
    )
    .option(
      '--way <way>',
      `how files may be read: ${WAYS.join(', ')} (a virtual machine of libguestfs); may be repeated, the preferred one first (default: in-process; with --trust-image also mounted)`,
      collectWay,
    );
}

function collectWay(text: string, before: readonly VolumeAccess[] | undefined): readonly VolumeAccess[] {
  const way = WAYS.find((each) => each === text);
  if (way === undefined) throw new InvalidArgumentError(`It must be one of ${WAYS.join(', ')}.`);
  return [...(before ?? []), way];
}
