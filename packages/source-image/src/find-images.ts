import { basename, join } from 'node:path';
import { type Finding, SendenseError } from '@sendense/core';
import { mapErrno } from '@sendense/plugin-kit/files';
import type { SourceContext } from './context.ts';

/** The images of the machine, in the order of their slots. */
export type FoundImages = {
  /** Real path of the folder, when the machine is one; names the machine. */
  readonly folder: string | undefined;
  /** Real paths. */
  readonly paths: readonly string[];
  /** Files of the folder that are no image by their names. */
  readonly findings: readonly Finding[];
};

const IMAGE_NAME = /\.(?:qcow2|raw|img|vmdk|a?vhdx?)$/i;
/** Files that a restore has not finished. */
const PARTIAL_NAME = /\.partial-[^/]+$/;

/** Files beside a VMDK descriptor: extents of its disk, and which of its blocks ESXi tracked as changed. */
const EXTENT_NAME = /-(?:flat|delta|sesparse|ctk|[sf]\d{3,})\.vmdk$/i;

const byNumber = new Intl.Collator('en', { numeric: true });

async function imagesOf({ fileSystem }: SourceContext, given: string): Promise<FoundImages> {
  const folder = await fileSystem.realPath(given);
  const paths: string[] = [];
  const findings: Finding[] = [];
  const names = [...(await fileSystem.list(folder))].sort(byNumber.compare);
  for (const name of names) {
    // the disk is found by the descriptor beside it
    if (names.includes(name.replace(EXTENT_NAME, '.vmdk')) && EXTENT_NAME.test(name)) continue;
    const path = join(folder, name);
    const kind = (await fileSystem.stat(path))?.kind;
    if (name.startsWith('.') || kind === 'directory' || kind === undefined) continue;
    if (IMAGE_NAME.test(name) && !PARTIAL_NAME.test(name)) paths.push(await fileSystem.realPath(path));
    else findings.push(ignored(path));
  }
  return { folder, paths, findings };
}

function ignored(path: string): Finding {
  return {
    severity: 'info',
    code: 'file-ignored',
    message: `${basename(path)} is not backed up: its name is not that of a disk image`,
    object: path,
  };
}

function noImage(place: string): SendenseError {
  return new SendenseError('NOT_FOUND', `${place} holds no disk image`, {
    operation: 'find-images',
    remedy:
      'name the image files themselves, or a folder with .qcow2, .raw, .img, .vmdk, .vhd, .vhdx, .avhd or .avhdx files',
  });
}

/** Finds the images that the options name. Rejects with `NOT_FOUND` when there is none. */
export async function findImages(context: SourceContext): Promise<FoundImages> {
  const { options, fileSystem } = context;
  const given = 'folder' in options ? options.folder : options.path;
  if (typeof given !== 'string') {
    const paths = [];
    for (const path of given) paths.push(await fileSystem.realPath(path));
    return { folder: undefined, paths, findings: [] };
  }
  const status = await fileSystem.stat(given);
  if (status === undefined) throw mapErrno({ code: 'ENOENT' }, 'find-images', given);
  if (status.kind !== 'directory') {
    if ('folder' in options) throw mapErrno({ code: 'ENOTDIR' }, 'find-images', given);
    return { folder: undefined, paths: [await fileSystem.realPath(given)], findings: [] };
  }
  const found = await imagesOf(context, given);
  if (found.paths.length === 0) throw noImage(given);
  return found;
}
