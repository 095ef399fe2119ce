import { dirname, isAbsolute, join, sep } from 'node:path';
import { SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import type { ParentPolicy } from './parent-policy.ts';

/** Longest part of a foreign name that is shown in a message. */
const SHOWN_NAME = 120;

/** A file that an image names. */
export type Companion = {
  /** `backing file` or `data file`, for messages. */
  readonly what: string;
  /** The name as the image has it: foreign text. */
  readonly name: string;
  /** Path of the image; relative names start from its folder. */
  readonly image: string;
};

/**
 * The real path of a file that an image names, when `policy` allows to open it. Rejects with `PERMISSION_DENIED` outside
 * the allowed folders (`context.parentFolder`: the one to allow), `FORMAT_UNSUPPORTED` for names that are no plain path and for
 * what is neither a file nor a block device (opening a pipe waits for its writer, and holds a thread meanwhile),
 * `PARENT_MISSING` when nothing is there.
 */
export async function resolveCompanion(
  companion: Companion,
  policy: ParentPolicy,
  fileSystem: FileSystem,
): Promise<string> {
  const { what, name, image } = companion;
  const shown = JSON.stringify(name.slice(0, SHOWN_NAME));
  checkPlainName(companion, shown);
  const named = isAbsolute(name) ? name : join(dirname(image), name);
  if (policy === 'none') {
    throw new SendenseError(
      'PERMISSION_DENIED',
      `${image} has the ${what} ${shown}, and none may be opened`,
      {
        operation: 'open-image',
        remedy: `allow the folder of the ${what} by name ("parents") if you trust the image`,
        context: { path: image, parentFolder: dirname(named) },
      },
    );
  }
  const real = await fileSystem.realPath(named).catch((error: unknown) => {
    throw missing(companion, shown, error);
  });
  const folders = await Promise.all(policy.folders.map((folder) => fileSystem.realPath(folder)));
  if (!folders.some((folder) => isInside(real, folder)))
    throw new SendenseError(
      'PERMISSION_DENIED',
      `${image} has the ${what} ${shown}, outside the allowed folders`,
      {
        operation: 'open-image',
        remedy: `allow the folder of the ${what} by name ("parents") if you trust the image`,
        context: { path: image, parentFolder: dirname(real) },
      },
    );
  const kind = (await fileSystem.stat(real))?.kind;
  if (kind === 'file' || kind === 'device') return real;
  throw kind === undefined ? missing(companion, shown) : notAFile(companion, shown);
}

function checkPlainName({ what, name, image }: Companion, shown: string): void {
  const protocol = /^[A-Za-z0-9+.-]+:/.test(name);
  if (name !== '' && !protocol && !name.includes('\0')) return;
  throw new SendenseError(
    'FORMAT_UNSUPPORTED',
    `${image} names its ${what} as ${shown}, which is not a plain path`,
    {
      operation: 'open-image',
      remedy: 'only files are opened, never protocols or JSON descriptions: rebase the image onto a file',
      context: { path: image },
    },
  );
}

function notAFile({ what, image }: Companion, shown: string): SendenseError {
  return new SendenseError(
    'FORMAT_UNSUPPORTED',
    `${image} has the ${what} ${shown}, which is neither a file nor a block device`,
    {
      operation: 'open-image',
      remedy: 'take another copy of the image: no disk lies in a pipe, a folder or another kind of device',
      context: { path: image },
    },
  );
}

function missing({ what, image }: Companion, shown: string, error?: unknown): unknown {
  if (error !== undefined && !SendenseError.is(error, 'NOT_FOUND')) return error;
  return new SendenseError('PARENT_MISSING', `the ${what} ${shown} of ${image} does not exist`, {
    operation: 'open-image',
    cause: error,
    remedy: 'put the file back, or point the image at it with "qemu-img rebase -u"',
    context: { path: image },
  });
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
