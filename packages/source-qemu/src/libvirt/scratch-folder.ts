import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BitmapName, parseBitmapName } from '@sendense/plugin-kit/baselines';
import { mapErrno } from '@sendense/plugin-kit/files';

/** Sockets have paths of at most 107 characters: the folder bears a digest, and a file beside it the whole name. */
const MARK = /^\.sendense-[0-9a-f]{12}$/;

/** The folder of one capture, in which QEMU makes its socket and scratch files. */
export type ScratchFolder = {
  readonly folder: string;
  readonly socket: string;
  readonly scratch: (target: string) => string;
};

/** Where the temporary things of the capture whose baseline is `baseline` are, below `base`. */
export function scratchFolder(base: string, baseline: string): ScratchFolder {
  const digest = createHash('sha256').update(baseline).digest('hex').slice(0, 12);
  const folder = join(base, `.sendense-${digest}.d`);
  return { folder, socket: join(folder, 's'), scratch: (target) => join(folder, target) };
}

/** Whether a backup of ours listens on `socket`. */
export function isScratchSocket(socket: string): boolean {
  return /\/\.sendense-[0-9a-f]{12}\.d\/s$/.test(socket);
}

function markOf({ folder }: ScratchFolder): string {
  return folder.slice(0, -'.d'.length);
}

/**
 * Makes the folder, for the owner of `image` to write to: libvirt gives the images of a running domain to the user of
 * its QEMU. Rejects with what the file system says.
 */
export async function makeScratchFolder(
  base: string,
  baseline: string,
  image: string | undefined,
): Promise<ScratchFolder> {
  const places = scratchFolder(base, baseline);
  try {
    await writeFile(markOf(places), baseline);
    await mkdir(places.folder, { recursive: true, mode: 0o700 });
    const owner = image === undefined ? undefined : await stat(image).catch(() => undefined);
    if (process.getuid?.() === 0 && owner !== undefined) await chown(places.folder, owner.uid, owner.gid);
    else if (owner !== undefined && owner.uid !== process.getuid?.()) {
      await chown(places.folder, -1, owner.gid).catch(() => undefined); // a folder of our own group may do
      await chmod(places.folder, 0o770);
    }
    return places;
  } catch (error) {
    await removeScratchFolder(base, baseline).catch(() => undefined); // the first failure is the one to tell
    throw mapErrno(error, 'make-scratch-folder', places.folder);
  }
}

/** Removes the folder of one capture; gone already is no failure. */
export async function removeScratchFolder(base: string, baseline: string): Promise<void> {
  const places = scratchFolder(base, baseline);
  await rm(places.folder, { recursive: true, force: true });
  await rm(markOf(places), { force: true });
}

/** The captures that have a folder below `base`. */
export async function findScratchFolders(base: string): Promise<readonly BitmapName[]> {
  const names = await readdir(base).catch(() => []); // it may be QEMU's alone
  const found: BitmapName[] = [];
  for (const name of names.filter((one) => MARK.test(one))) {
    const made = parseBitmapName(await readFile(join(base, name), 'utf8').catch(() => ''));
    if (made !== undefined) found.push(made);
  }
  return found;
}
