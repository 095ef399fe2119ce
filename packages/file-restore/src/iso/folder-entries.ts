import { type Call, type Finding, SendenseError } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import { damagedFolder } from '../fat/entry-errors.ts';
import type { DirectoryEntry, DirectoryPage, PageOptions } from '../file-system-reader.ts';
import { wrongPlace } from '../folders/wrong-place.ts';
import { isPlainName } from '../paths/entry-name.ts';
import type { DirectoryRecord } from './directory-record.ts';
import { type FileItem, folderFiles } from './folder-files.ts';
import type { Folder } from './folder-records.ts';
import { nameOf } from './iso-name.ts';
import { typeOf } from './iso-node.ts';
import type { IsoVolume } from './iso-volume.ts';
import { readRockRidge } from './rock-ridge.ts';

/** What was met in a folder: a name with the byte of the volume behind its last record, or what is not one. */
type EntryItem =
  | { readonly kind: 'entry'; readonly entry: DirectoryEntry; readonly end: number }
  | Exclude<FileItem, { readonly kind: 'file' }>;

/** Names of a folder from byte `from` of it on; folders that moved are named where they belong only. */
async function* entriesOf(
  volume: IsoVolume,
  folder: Folder,
  from: number,
  call: Call | undefined,
): AsyncGenerator<EntryItem, void, undefined> {
  for await (const item of folderFiles(volume, folder, from, call)) {
    if (item.kind !== 'file') {
      yield item;
      continue;
    }
    const entry = await entryUnlessDamaged(volume, item.record, call);
    if (entry === 'damaged') yield { kind: 'damaged' };
    else if (entry !== undefined) yield { kind: 'entry', entry, end: item.end };
  }
}

async function entryUnlessDamaged(
  volume: IsoVolume,
  record: DirectoryRecord,
  call: Call | undefined,
): Promise<DirectoryEntry | 'damaged' | undefined> {
  try {
    const rockRidge = await readRockRidge(volume, record, call);
    if (rockRidge.isMoved === true) return undefined;
    const name = rockRidge.name ?? nameOf(record.identifier, volume.form);
    if (!isPlainName(name)) return 'damaged';
    const { childBlock } = rockRidge;
    if (childBlock !== undefined) return { name, node: childBlock * volume.blockBytes, type: 'directory' };
    const node = record.isFolder ? record.dataAt : record.at;
    return { name, node, type: typeOf(record, rockRidge) };
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    return 'damaged';
  }
}

/** A page of a folder. Rejects with `CONFIG_INVALID` for a `from` that no page gave. */
export async function listEntries(
  volume: IsoVolume,
  folder: Folder,
  { from, limit }: PageOptions,
  call?: Call,
): Promise<DirectoryPage> {
  const begin = from === undefined ? 0 : Number(from);
  if (!Number.isInteger(begin) || begin < 0 || begin > folder.sizeBytes || from === '') throw wrongPlace();
  const entries: DirectoryEntry[] = [];
  const counts = { damaged: 0, associated: 0 };
  let end = begin;
  let [next, cut]: (string | undefined)[] = [];
  for await (const item of entriesOf(volume, folder, begin, call)) {
    if (entries.length >= limit && item.kind !== 'cut') {
      next = String(end);
      break;
    }
    if (item.kind === 'cut') cut = item.why;
    else if (item.kind !== 'entry') counts[item.kind] += 1;
    else {
      entries.push(item.entry);
      end = item.end - folder.at;
    }
  }
  return { entries, next, findings: told(folder, counts, cut) };
}

/** The entry with exactly this name; without Rock Ridge else the first that differs in its case only, as Windows and Linux find it. */
export async function findEntry(
  volume: IsoVolume,
  folder: Folder,
  name: string,
  call?: Call,
): Promise<DirectoryEntry | undefined> {
  const wanted = volume.form === 'rock-ridge' ? undefined : name.toUpperCase();
  let isDamaged = false;
  let alike: DirectoryEntry | undefined;
  for await (const item of entriesOf(volume, folder, 0, call)) {
    if (item.kind === 'damaged' || item.kind === 'cut') isDamaged = true;
    if (item.kind !== 'entry') continue;
    if (item.entry.name === name) return item.entry;
    if (item.entry.name.toUpperCase() === wanted) alike ??= item.entry;
  }
  if (alike === undefined && isDamaged)
    throw damaged(`the folder at byte ${folder.at} is damaged: ${JSON.stringify(name)} may have been in it`);
  return alike;
}

function told(
  { at }: Folder,
  counts: { readonly damaged: number; readonly associated: number },
  cut: string | undefined,
): Finding[] {
  const findings: Finding[] = [];
  if (counts.damaged > 0)
    findings.push(
      damagedFolder(at, `has damage in ${counts.damaged} places: names that lay there are not listed`),
    );
  if (cut !== undefined) findings.push(damagedFolder(at, `is listed in part: ${cut}`));
  const message = `the folder at byte ${at} has ${counts.associated} associated files, forks of others, that are left out`;
  if (counts.associated > 0) findings.push({ severity: 'info', code: 'associated-left-out', message });
  return findings;
}
