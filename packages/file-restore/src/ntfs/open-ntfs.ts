import type { Call } from '@sendense/core';
import type { ByteSource } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import type { FileSystemReader } from '../file-system-reader.ts';
import { readNtfsLayout } from './boot-sector.ts';
import { findHibernation } from './hibernation.ts';
import { MasterFileTable, ROOT_RECORD } from './master-file-table.ts';
import { NtfsReader } from './ntfs-reader.ts';
import { readNtfsState } from './volume-state.ts';

/**
 * Opens an NTFS file system. Its log is never replayed: where it was not closed, files are shown as they lie on the disk, and that is
 * told. Rejects with `CORRUPT`.
 */
export async function openNtfs(source: ByteSource, call?: Call): Promise<FileSystemReader> {
  const { layout, findings } = await readNtfsLayout(source, call);
  const table = await MasterFileTable.open(source, layout, call);
  const { record: root } = await table.file({ record: ROOT_RECORD, sequence: 0 }, call);
  const state = await readNtfsState(table, call);
  const identity = { root, label: state.label, serial: layout.serial };
  const told = [...findings, ...table.findings, ...state.findings];
  const reader = new NtfsReader(table, identity, []);
  if ((await reader.stat(reader.root, call)).type !== 'directory')
    throw damaged('the root folder of an NTFS file system is none');
  const hibernation = await findHibernation(reader, call);
  return new NtfsReader(table, identity, [...told, ...hibernation]);
}
