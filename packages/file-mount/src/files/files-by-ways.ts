import { randomUUID } from 'node:crypto';
import type { Call, Finding, PointReader } from '@sendense/core';
import {
  BrowseSession,
  type OpenFiles,
  type OpenVolume,
  openPointFiles,
  PointFiles,
  type VolumeAccess,
} from '@sendense/file-restore';
import { Closer, orClose, parseOptions } from '@sendense/plugin-kit';
import { readByAppliance } from '../appliance/read-by-appliance.ts';
import { chooseWays, inProcessOffers, type Way } from './choose-way.ts';
import { type FilesOptions, type FilesSettings, filesOptions } from './files-options.ts';
import { mountForReading } from './mount-for-reading.ts';

/** A session that nothing is asked of for so long is closed, in milliseconds. */
const IDLE_MS = 3_600_000;

/**
 * How `createFileRestore` and `BrowseSession.open` open files of points by the best way that this machine has for each volume: a reader
 * of this process, a driver of the system over a read-only mount, or one of a virtual machine; what was started ends with the session.
 * The operations are the same; `ways` of the session tells which was chosen and why. Rejects with `CONFIG_INVALID` for wrong options; a way that cannot be taken is told.
 */
export function filesByWays(options: FilesOptions): OpenFiles {
  return async (reader, call) => {
    const closer = new Closer();
    closer.add(reader);
    return orClose(closer, async () => {
      const settings = await parseOptions(filesOptions, options, 'file-mount');
      return { files: await openByWays(closer, reader, settings, call), owned: closer };
    });
  };
}

/** Opens a recovery point by the ways that `options` allow; the session owns `reader`. See {@link filesByWays}. */
export function browsePoint(reader: PointReader, options: FilesOptions, call?: Call): Promise<BrowseSession> {
  return BrowseSession.open(randomUUID(), reader, IDLE_MS, () => undefined, call, filesByWays(options));
}

async function openByWays(
  closer: Closer,
  reader: PointReader,
  settings: FilesSettings,
  call: Call | undefined,
): Promise<PointFiles> {
  const { volumes, findings } = await openPointFiles(reader, call);
  const told: Finding[] = [];
  const ways: { readonly [way in VolumeAccess]: Way['offersFor'] } = {
    'in-process': (unread) => Promise.resolve(inProcessOffers(unread)),
    mounted: async (unread) => {
      const mounts = await mountForReading(closer, reader, unread, settings, call);
      told.push(...mounts.findings);
      return mounts.offers;
    },
    appliance: (unread) => readByAppliance(closer, reader.point.id, unread, settings.directory, call),
  };
  const chosen = await chooseWays(
    volumes,
    settings.ways.map((way) => ({ way, offersFor: ways[way] })),
  );
  const isRead = (id: string | undefined) =>
    chosen.some(({ volume }) => volume.id === id && volume.access !== null);
  const unread = findings.filter(({ code, object }) => code !== 'volume-unreadable' || !isRead(object));
  return new PointFiles(chosen, [
    ...unread,
    ...chosen.flatMap(tellWay),
    ...chosen.flatMap(tellLinks),
    ...told,
  ]);
}

/** What is to be known of a volume that another way than the preferred one reads, or none. */
function tellWay({ volume: { id, access, fileSystem }, choice }: OpenVolume): readonly Finding[] {
  const lacks = choice.missing.map(({ way, why }) => `${way}: ${why}`).join('; ');
  if (lacks === '' || fileSystem === null) return [];
  if (access !== null) {
    const message = `the files of volume ${id} are read another way than the first one: ${choice.reason} (${lacks})`;
    return [{ severity: 'info', code: `volume-${access}`, message, object: id }];
  }
  const tried = choice.missing.filter(({ way }) => way !== 'in-process');
  if (tried.length === 0) return [];
  const message = `the files of volume ${id} are not mounted: ${tried.map(({ way, why }) => `${way}: ${why}`).join('; ')}`;
  return [{ severity: 'warning', code: 'volume-not-mounted', message, object: id }];
}

/** Programs that show files of a virtual machine number names, not files: those of one file cannot be told from those of several. */
function tellLinks({ volume: { id, access } }: OpenVolume): readonly Finding[] {
  if (access !== 'appliance') return [];
  const message = `the names of a file of volume ${id} cannot be told to be those of one: an archive holds a file with hard links once for each of them`;
  return [{ severity: 'warning', code: 'links-apart', message, object: id }];
}
