import {
  type Call,
  type Finding,
  type FindingSeverity,
  type PointReader,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { DiskSource } from '../bytes/disk-source.ts';
import type { FileStat, FileSystemReader } from '../file-system-reader.ts';
import { HEAD_BYTES, probeFileSystem } from '../file-systems.ts';
import { missing, type ResolveOptions, resolvePath, splitPath } from '../paths/resolve-path.ts';
import { findVolumes } from '../volumes/find-volumes.ts';
import type { Volume } from '../volumes/volume.ts';

/** A way to the files of a volume: a reader of this process, a driver of this machine, or one of a virtual machine of libguestfs. */
export type VolumeAccess = 'in-process' | 'mounted' | 'appliance';

/** Why a volume is read as it is. */
export type WayChoice = {
  /** One sentence. */
  readonly reason: string;
  /** The ways that come before it, or all where there is none, and what each of them lacks. */
  readonly missing: readonly { readonly way: VolumeAccess; readonly why: string }[];
};

/** A volume of a point and how its files can be read. */
export type BrowsedVolume = Omit<Volume, 'source'> & {
  /** `ext4`, `xfs` …; `null` when nothing known was found. */
  readonly fileSystem: string | null;
  /** How files are read; `null`: not at all, and a finding says why. */
  readonly access: VolumeAccess | null;
  /** Name of the file system; may be empty. */
  readonly fileSystemLabel: string;
};

/** A volume with its reader, where there is one. */
export type OpenVolume = {
  readonly volume: BrowsedVolume;
  readonly reader: FileSystemReader | undefined;
  /** The volume as it lies on the disks. */
  readonly source: ByteSource;
  /** Its file system contradicts itself, so that it was not opened. */
  readonly isDamaged: boolean;
  readonly choice: WayChoice;
};

/** What a path stands for. */
export type FoundFile = {
  readonly volume: BrowsedVolume;
  readonly reader: FileSystemReader;
  readonly stat: FileStat;
};

/** The volumes and files of the disks of one point. */
export class PointFiles {
  readonly volumes: readonly OpenVolume[];
  readonly findings: readonly Finding[];

  constructor(volumes: readonly OpenVolume[], findings: readonly Finding[]) {
    this.volumes = volumes;
    this.findings = findings;
  }

  /** Volumes whose files can be read. */
  get readable(): readonly (OpenVolume & { readonly reader: FileSystemReader })[] {
    return this.volumes.filter(
      (open): open is OpenVolume & { reader: FileSystemReader } => open.reader !== undefined,
    );
  }

  /** Whether `/` is the list of the volumes, not a folder of one. */
  isVolumeList(path: string): boolean {
    return splitPath(path).length === 0 && this.readable.length !== 1;
  }

  /**
   * Finds a path. A first name that is the id of a volume chooses that one; else the path is looked for in all of them, and
   * lies in one. Rejects with `NOT_FOUND`, `CONFIG_INVALID` when several volumes have it, or `FORMAT_UNSUPPORTED` when none has it and
   * one may have it where it is not read.
   */
  async find(path: string, options: ResolveOptions, call?: Call): Promise<FoundFile> {
    const [first, ...rest] = splitPath(path);
    const named = this.volumes.find(({ volume }) => volume.id === first);
    if (named !== undefined) return findWithin(named, rest.join('/'), options, call);
    const found: FoundFile[] = [];
    let unread: SendenseError | undefined;
    for (const open of this.readable) {
      try {
        found.push(await findWithin(open, path, options, call));
      } catch (error) {
        if (SendenseError.is(error, 'FORMAT_UNSUPPORTED')) unread ??= error;
        else if (!SendenseError.is(error, 'NOT_FOUND')) throw error;
      }
    }
    const [only] = found;
    if (only === undefined && unread !== undefined) throw unread;
    if (only === undefined) throw this.readable.length === 0 ? nothingReadable(this.volumes) : missing(path);
    if (found.length > 1) throw ambiguous(path, found);
    return only;
  }
}

async function findWithin(
  { volume, reader, choice }: OpenVolume,
  path: string,
  options: ResolveOptions,
  call: Call | undefined,
): Promise<FoundFile> {
  if (reader === undefined) throw notReadable(volume, choice);
  return { volume, reader, stat: await resolvePath(reader, path, options, call) };
}

/** Looks at all disks of a point, which stays the caller's. */
export async function openPointFiles({ point, disks }: PointReader, call?: Call): Promise<PointFiles> {
  const byteDisks = disks.map(({ id, sectorBytes, reader }, index) => ({
    name: `disk-${point.disks.find((disk) => disk.id === id)?.number ?? index}`,
    id,
    sectorBytes,
    source: new DiskSource(reader),
  }));
  const { volumes, findings } = await findVolumes(byteDisks, call);
  const told: Finding[] = [...findings];
  const open: OpenVolume[] = [];
  for (const volume of volumes) open.push(await openVolume(volume, volumes, told, call));
  return new PointFiles(open, told);
}

async function openVolume(
  { source, ...volume }: Volume,
  volumes: readonly Volume[],
  findings: Finding[],
  call: Call | undefined,
): Promise<OpenVolume> {
  throwIfAborted(call?.signal, 'open-volume');
  const probed = await probeFileSystem(source, call);
  const closed = { ...volume, fileSystem: probed?.kind ?? null, access: null, fileSystemLabel: '' } as const;
  if (probed?.open === undefined) {
    const why =
      probed === undefined ? await whyUnknown(source, call) : `${probed.kind} is not read in this process`;
    findings.push(notOpened(volume.id, why, probed === undefined ? 'info' : 'warning'));
    return { volume: closed, reader: undefined, source, isDamaged: false, choice: noWay(why) };
  }
  try {
    const reader = await probed.open(source, call, volumes);
    findings.push(...reader.findings.map((finding) => ({ ...finding, object: volume.id })));
    const { kind, label } = reader;
    const opened = { ...volume, fileSystem: kind, access: 'in-process', fileSystemLabel: label } as const;
    const choice = { reason: `${kind} is read in this process`, missing: [] };
    return { volume: opened, reader, source, isDamaged: false, choice };
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT') && !SendenseError.is(error, 'FORMAT_UNSUPPORTED')) throw error;
    findings.push(notOpened(volume.id, error.message));
    const isDamaged = error.code === 'CORRUPT';
    return { volume: closed, reader: undefined, source, isDamaged, choice: noWay(error.message) };
  }
}

async function whyUnknown(source: ByteSource, call: Call | undefined): Promise<string> {
  const head = await readBytes(source, 0, Math.min(source.sizeBytes, HEAD_BYTES), call);
  return head.every((byte) => byte === 0)
    ? 'there is nothing at its begin'
    : 'no file system that is known begins there';
}

function noWay(why: string): WayChoice {
  return { reason: 'it cannot be read in this process', missing: [{ way: 'in-process', why }] };
}

function notOpened(id: string, why: string, severity: FindingSeverity = 'warning'): Finding {
  const message = `the files of volume ${id} cannot be browsed: ${why}`;
  return { severity, code: 'volume-unreadable', message, object: id };
}

function tellMissing(lacks: WayChoice['missing']): string {
  return lacks.map(({ way, why }) => `${way}: ${why}`).join('; ');
}

function notReadable({ id, fileSystem }: BrowsedVolume, choice: WayChoice): SendenseError {
  return new SendenseError(
    'FORMAT_UNSUPPORTED',
    `volume ${id} holds ${fileSystem ?? 'no file system that is known'} (${tellMissing(choice.missing)})`,
    {
      operation: 'find-file',
      remedy: 'restore the disk, and read it with the system that made it',
      context: { volume: id },
    },
  );
}

function nothingReadable(volumes: readonly OpenVolume[]): SendenseError {
  const kinds = volumes
    .map(({ volume, choice }) => `${volume.id} (${tellMissing(choice.missing)})`)
    .join(', ');
  const message =
    kinds === '' ? 'the point has no volumes' : `no volume of the point can be browsed: ${kinds}`;
  return new SendenseError('FORMAT_UNSUPPORTED', message, {
    operation: 'find-file',
    remedy: 'restore the disk, and read it with the system that made it',
  });
}

function ambiguous(path: string, found: readonly FoundFile[]): SendenseError {
  const ids = found.map(({ volume }) => volume.id);
  return new SendenseError('CONFIG_INVALID', `${ids.length} volumes have ${JSON.stringify(path)}`, {
    operation: 'find-file',
    remedy: `begin the path with a volume: ${ids.map((id) => `/${id}`).join(', ')}`,
    context: { volumes: ids },
  });
}
