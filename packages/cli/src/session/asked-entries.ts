import { basename, extname } from 'node:path';
import type { DiskFormat } from '@sendense/core';
import { type RecoveryPoint, SendenseError } from '@sendense/core';
import { exportName, type NewExportEntry } from '@sendense/nbd-service';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import type { ParentsOption } from '../program/image-flags.ts';
import type { RepositoryOption } from '../program/shared-flags.ts';
import { exportOptions } from './export-place.ts';
import { findPoint, readPoints } from './find-points.ts';
import { pathOf } from './open-image.ts';
import { openRepository } from './open-repository.ts';
import type { Session } from './session.ts';

/** What is to be exported, as the flags say it. */
export type AskedExports = RepositoryOption &
  ParentsOption & {
    readonly backupId?: string;
    readonly disk?: readonly string[];
    readonly image?: string;
    readonly device?: string;
    readonly format?: DiskFormat;
    readonly name?: string;
    readonly writable?: true;
  };

/** An export by its name. */
export type NamedEntry = { readonly name: string; readonly entry: NewExportEntry };

/** The exports that the flags ask for: each disk of a point, or one image or device. Throws `CONFIG_INVALID` for none or several kinds. */
export async function askedEntries(session: Session, options: AskedExports): Promise<readonly NamedEntry[]> {
  const { backupId, image, device, writable = false } = options;
  if ([backupId, image, device].filter((given) => given !== undefined).length !== 1) throw whatThen();
  if (backupId !== undefined) return pointEntries(session, options, backupId);
  const name = options.name ?? nameOfFile(image ?? device ?? '');
  if (device !== undefined) return [{ name, entry: { device: { path: pathOf(session, device) }, writable } }];
  const { format, parents = [] } = options;
  const path = pathOf(session, image ?? '');
  const folders = parents.map((folder) => pathOf(session, folder));
  return [{ name, entry: { image: { path, parents: folders, ...(format && { format }) }, writable } }];
}

async function pointEntries(
  session: Session,
  options: AskedExports,
  backupId: string,
): Promise<readonly NamedEntry[]> {
  const { name, writable = false, passphraseFile: file } = options;
  const { repository, location } = await openRepository(session, options, session.drivers());
  const point = findPoint(await readPoints(repository, session.call), backupId);
  const disks = disksOf(point, options.disk);
  if (name !== undefined && disks.length > 1) throw oneName(disks.length);
  const taken = new Set(await takenNames(session));
  return disks.map(({ number: disk, base }) => {
    const kind = base === null ? ('full' as const) : ('incr' as const);
    const named = { contextId: point.machine, disk, kind, at: point.at, pointId: point.id };
    const given = name ?? exportName(named, (candidate) => taken.has(candidate));
    const passphrase = file === undefined ? {} : { passphraseFile: pathOf(session, file) };
    return {
      name: given,
      entry: { point: { repository: location, id: point.id, disk, ...passphrase }, writable },
    };
  });
}

function disksOf(point: RecoveryPoint, asked: readonly string[] | undefined): RecoveryPoint['disks'] {
  if (asked === undefined) return point.disks;
  const numbers = asked.map((disk) => Number(/^(?:disk-)?(\d{1,9})$/.exec(disk)?.[1]));
  const unknown = asked.find((_, index) => point.disks.every(({ number }) => number !== numbers[index]));
  if (unknown === undefined) return point.disks.filter(({ number }) => numbers.includes(number));
  throw new SendenseError('NOT_FOUND', `the recovery point has no disk ${JSON.stringify(unknown)}`, {
    operation: 'find-disk',
    remedy: `it has ${point.disks.map(({ number }) => `disk-${number}`).join(', ')}`,
  });
}

/** Names that the files of the folder have: `export add` calls them after their exports. */
async function takenNames(session: Session): Promise<readonly string[]> {
  const { confDirectory } = exportOptions(session);
  if ((await nodeFileSystem.stat(confDirectory)) === undefined) return [];
  return (await nodeFileSystem.list(confDirectory)).map((file) => basename(file, '.json'));
}

function nameOfFile(path: string): string {
  const stem = basename(path, extname(path)).replaceAll(/[^A-Za-z0-9._-]/g, '-');
  return stem.replace(/^[^A-Za-z0-9]+/, '').slice(0, 63);
}

function whatThen(): SendenseError {
  return new SendenseError('CONFIG_INVALID', 'what is to be exported was not said, or twice', {
    operation: 'parse-arguments',
    remedy: 'give one of --backup-id, --image and --device',
  });
}

function oneName(disks: number): SendenseError {
  return new SendenseError(
    'CONFIG_INVALID',
    `the recovery point has ${disks} disks, and one name was given`,
    {
      operation: 'parse-arguments',
      remedy: 'leave out --name, or name one disk with --disk',
    },
  );
}
