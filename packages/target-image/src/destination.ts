import { basename, dirname, join, resolve } from 'node:path';
import { type DiskFormat, type PlanId, type PlannedDisk, planId, SendenseError } from '@sendense/core';
import type { TargetContext } from './context.ts';
import type { CheckedOptions } from './options.ts';

/** Where a target writes. */
export type Destination = {
  readonly kind: 'file' | 'folder' | 'device';
  readonly format: DiskFormat;
  /** Absolute folder of the files, without symbolic links as far as it exists. */
  readonly folder: string;
  /** Name of the file; of a folder's files see {@link locationOf}. */
  readonly name: string | undefined;
  /** Whether `folder` has to be made. */
  readonly isFolderMissing: boolean;
};

/** Names that promise a format which is not written here. */
const OTHER_FORMAT = /\.(vdi|ova|iso)$/i;

/** Names that promise a format. */
const NAMED: readonly (readonly [name: RegExp, format: DiskFormat])[] = [
  [/\.(?:raw|img)$/i, 'raw'],
  [/\.vmdk$/i, 'vmdk'],
  [/\.vhd$/i, 'vhd'],
  [/\.vhdx$/i, 'vhdx'],
];

/**
 * The format of the files, known without looking where the path leads. Throws `CONFIG_INVALID` for a name that promises
 * another format, unless the format is stated.
 */
export function formatOf({ format, path, allowDevice }: CheckedOptions): DiskFormat {
  const [, promised] = OTHER_FORMAT.exec(path) ?? [];
  if (format === undefined && promised !== undefined)
    throw new SendenseError(
      'CONFIG_INVALID',
      `${path} is named as a ${promised.toUpperCase()} file, which is not written`,
      {
        operation: 'check-options',
        remedy: 'name it .qcow2, .raw, .vmdk, .vhd or .vhdx, or state the format that it is to have',
        context: { path },
      },
    );
  const [, named] = NAMED.find(([name]) => name.test(path)) ?? [];
  return format ?? (allowDevice ? 'raw' : (named ?? 'qcow2'));
}

async function realFolder({ fileSystem }: TargetContext, path: string): Promise<string> {
  return (await fileSystem.stat(path)) === undefined ? path : await fileSystem.realPath(path);
}

/** Looks where the target's path leads. Rejects with `NOT_FOUND` when the folder of a single file is missing. */
export async function findDestination(context: TargetContext): Promise<Destination> {
  const { options, fileSystem } = context;
  const status = await fileSystem.stat(options.path);
  const path = resolve(options.path);
  const format = formatOf(options);
  if (status?.kind === 'device') {
    return { kind: 'device', format, folder: dirname(path), name: basename(path), isFolderMissing: false };
  }
  if (status?.kind === 'directory' || options.path.endsWith('/')) {
    const folder = await realFolder(context, path);
    return { kind: 'folder', format, folder, name: undefined, isFolderMissing: status === undefined };
  }
  if ((await fileSystem.stat(dirname(path)))?.kind !== 'directory') {
    throw new SendenseError('NOT_FOUND', `there is no folder ${dirname(path)}`, {
      operation: 'find-destination',
      remedy: 'make the folder, or end the path with / to restore to a new folder',
    });
  }
  const folder = await realFolder(context, dirname(path));
  return {
    kind: 'file',
    format,
    folder,
    name: basename(path),
    isFolderMissing: false,
  };
}

/** Where disk `number` will be. */
export function locationOf({ folder, name, format }: Destination, number: number): string {
  return join(folder, name ?? `disk-${number}.${format}`);
}

/** Where a planned disk is, its folder without symbolic links as far as it exists now. */
export async function findPlanned(context: TargetContext, { location }: PlannedDisk): Promise<string> {
  return join(await realFolder(context, dirname(location)), basename(location));
}

/** The unfinished file of a restore: beside the destination, named by the plan. */
export function partialPath(location: string, plan: PlanId): string {
  return `${location}.partial-${plan}`;
}

const PARTIAL = /^(.+)\.partial-([A-Za-z0-9][A-Za-z0-9._:-]{0,127})$/;

/** What the name of an unfinished file of `destination` says; `undefined` for every other name. */
export function parsePartialName(
  destination: Destination,
  name: string,
): { readonly file: string; readonly plan: PlanId } | undefined {
  const [, file, plan] = PARTIAL.exec(name) ?? [];
  if (file === undefined || plan === undefined) return undefined;
  const isOfThis =
    destination.name === undefined
      ? /^disk-\d+\.(?:raw|qcow2|vmdk|vhdx?)$/.test(file)
      : file === destination.name;
  return isOfThis ? { file, plan: planId(plan) } : undefined;
}
