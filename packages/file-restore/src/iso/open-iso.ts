import { type Call, type Finding, SendenseError } from '@sendense/core';
import type { ByteSource } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import type { FileSystemReader } from '../file-system-reader.ts';
import { listEntries } from './folder-entries.ts';
import { readOwnRecord } from './folder-records.ts';
import type { NameForm } from './iso-name.ts';
import { IsoReader } from './iso-reader.ts';
import type { IsoVolume } from './iso-volume.ts';
import { findRockRidge } from './sharing-protocol.ts';
import { readVolumeDescriptors, type VolumeDescriptor } from './volume-descriptor.ts';

/** A tree that was chosen, and the descriptor that names it. */
type Chosen = { readonly volume: IsoVolume; readonly descriptor: VolumeDescriptor };

/** What a disc tells besides: `isPassedOver` is the tree of Rock Ridge, as it has no files. */
type DiscState = { readonly hasUdf: boolean; readonly isDamaged: boolean; readonly isPassedOver: boolean };

/**
 * Opens a file system of ISO 9660 by the tree that knows most: Rock Ridge, else Joliet, else the names of the standard. As on Linux,
 * Rock Ridge gives way where its root is empty and that of Joliet is not. Rejects with `CORRUPT` where no tree has a root.
 */
export async function openIso(source: ByteSource, call?: Call): Promise<FileSystemReader> {
  const descriptors = await readVolumeDescriptors(source, call);
  const primary = await openTree(source, descriptors.primary, 'plain', call);
  const joliet = await openTree(source, descriptors.joliet, 'joliet', call);
  const isPassedOver = await isEmptyBeside(primary, joliet, call);
  const isFirst = primary?.volume.form === 'rock-ridge' && !isPassedOver;
  const chosen = isFirst ? primary : (joliet ?? primary);
  if (chosen === undefined) throw damaged('no tree of folders of the ISO 9660 file system can be found');
  const isDamaged = descriptors.isDamaged || primary === undefined;
  const state = { hasUdf: descriptors.hasUdf, isDamaged, isPassedOver };
  return new IsoReader(chosen.volume, chosen.descriptor, findingsOf(source, chosen, state));
}

/** Bytes of a disc, as the descriptor of a tree tells whose root can be found; `undefined`: there is none. */
export async function findDiscBytes(source: ByteSource, call?: Call): Promise<number | undefined> {
  const { primary, joliet } = await readVolumeDescriptors(source, call);
  const found =
    (await openTree(source, primary, 'plain', call)) ?? (await openTree(source, joliet, 'joliet', call));
  return found?.descriptor.volumeBytes;
}

/** A tree whose root can be found. */
async function openTree(
  source: ByteSource,
  descriptor: VolumeDescriptor | undefined,
  form: Exclude<NameForm, 'rock-ridge'>,
  call: Call | undefined,
): Promise<Chosen | undefined> {
  if (descriptor === undefined) return undefined;
  const { blockBytes, volumeNumber, rootAt } = descriptor;
  const sharing = { skippedBytes: 0, rootSkippedBytes: 0, rockRidge: 0 };
  const volume = { source, blockBytes, volumeNumber, rootAt, form, sharing };
  try {
    const root = await readOwnRecord(volume, rootAt, call);
    const found = form === 'plain' ? await findRockRidge(volume, root, call) : undefined;
    if (found === undefined) return { volume, descriptor };
    return { volume: { ...volume, form: 'rock-ridge', sharing: found }, descriptor };
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    return undefined;
  }
}

/** Whether the tree of Rock Ridge has no files, and that of Joliet has. */
async function isEmptyBeside(
  primary: Chosen | undefined,
  joliet: Chosen | undefined,
  call: Call | undefined,
): Promise<boolean> {
  if (primary?.volume.form !== 'rock-ridge' || joliet === undefined) return false;
  return !(await hasFiles(primary, call)) && (await hasFiles(joliet, call));
}

async function hasFiles({ volume }: Chosen, call: Call | undefined): Promise<boolean> {
  const { rootAt: at } = volume;
  const { sizeBytes } = await readOwnRecord(volume, at, call);
  return (await listEntries(volume, { at, sizeBytes }, { limit: 1 }, call)).entries.length > 0;
}

const NAMES: Readonly<Record<NameForm, string>> = {
  'rock-ridge': 'Rock Ridge',
  joliet: 'Joliet, which has no owners, modes and links',
  plain: 'ISO 9660 itself, which are short and have no owners, modes and links',
};

function findingsOf(
  source: ByteSource,
  { volume: { form }, descriptor: { volumeBytes } }: Chosen,
  { hasUdf, isDamaged, isPassedOver }: DiscState,
): Finding[] {
  const findings: Finding[] = [];
  const tell = (severity: Finding['severity'], code: string, message: string): void =>
    void findings.push({ severity, code, message });
  if (isPassedOver)
    tell(
      'info',
      'rock-ridge-empty',
      'the tree of Rock Ridge has no files that can be listed: those of Joliet are shown',
    );
  if (isDamaged)
    tell(
      'warning',
      'iso-descriptor-damaged',
      `a descriptor of the disc or the root of a tree is damaged: names are those of ${NAMES[form]}`,
    );
  else if (form !== 'rock-ridge') tell('info', 'iso-names', `names of files are those of ${NAMES[form]}`);
  if (volumeBytes > source.sizeBytes)
    tell(
      'warning',
      'file-system-cut',
      `the file system has ${volumeBytes} bytes, and its volume ${source.sizeBytes}: files that lie behind are left out`,
    );
  if (hasUdf)
    tell(
      'warning',
      'udf-not-read',
      'the disc also has a UDF file system, which is not read and may hold more files than the ISO 9660 one',
    );
  return findings;
}
