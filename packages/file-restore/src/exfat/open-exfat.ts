import { type Call, type Finding, SendenseError } from '@sendense/core';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { FileSystemReader } from '../file-system-reader.ts';
import type { UpCase } from '../ntfs/up-case.ts';
import { type ExfatVolume, volumeOf } from './allocation.ts';
import { readExfatLayout } from './boot-region.ts';
import { ExfatReader, rootOf } from './exfat-reader.ts';
import { type RootEntries, readRootEntries } from './root-entries.ts';
import { readUpCase } from './up-case.ts';

const LETTERS_DAMAGED: Finding = {
  severity: 'warning',
  code: 'up-case-damaged',
  message:
    'the table of letters of the exFAT file system is damaged: names are found only as they are written',
};

/** Opens an exFAT file system. Rejects with `CORRUPT`, and with `FORMAT_UNSUPPORTED` for a revision that is not known. */
export async function openExfat(source: ByteSource, call?: Call): Promise<FileSystemReader> {
  const { layout, findings } = await readExfatLayout(source, call);
  const volume = volumeOf(source, layout);
  const entries = await readRootEntries(volume, rootOf(volume), call);
  const upCase = await knownUpCase(volume, entries, call);
  const told = upCase === undefined ? [...findings, LETTERS_DAMAGED] : findings;
  return new ExfatReader(volume, { label: entries.label, upCase }, told);
}

async function knownUpCase(
  volume: ExfatVolume,
  { upCase }: RootEntries,
  call: Call | undefined,
): Promise<UpCase | undefined> {
  try {
    return await readUpCase(volume, upCase, call);
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    return undefined;
  }
}
