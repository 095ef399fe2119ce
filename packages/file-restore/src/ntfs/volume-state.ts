import { type Call, type Finding, SendenseError } from '@sendense/core';
import { Fields } from '../bytes/fields.ts';
import { ATTRIBUTE } from './attribute.ts';
import { type AttributeStream, clusterBytesOf, isMapped, readValue, valueBytes } from './attribute-stream.ts';
import type { MasterFileTable } from './master-file-table.ts';
import { undoUpdateSequence } from './update-sequence.ts';
import { wideText } from './wide-text.ts';

// Layout: "NTFS Documentation" of the Linux-NTFS project, $Volume and $LogFile; when a log is clean: `ntfs_is_logfile_clean` of ntfs-3g.
const RECORD = { log: 2, volume: 3 };
const FLAG_DIRTY = 1;
const MOST_NAME_BYTES = 512;
const RESTART_MAGIC = 'RSTR';
const CHECKED_MAGIC = 'CHKD';
/** A log that was never used, or was emptied, is filled with these. */
const EMPTY = 0xffff_ffff;
const NO_CLIENT = 0xffff;
const FLAG_CLEAN = 2;
const PAGE = { least: 512, usual: 4096, most: 65_536 };

/** The name of a volume, and what it says of how it was left. */
export type NtfsState = { readonly label: string; readonly findings: readonly Finding[] };

/** What a volume says of itself; what is damaged of that is told. */
export async function readNtfsState(table: MasterFileTable, call?: Call): Promise<NtfsState> {
  const findings: Finding[] = [];
  const described = await orDamaged(() => readVolume(table, call));
  if (described === undefined) findings.push(dirty('what it says of its state is damaged'));
  else if (described.isDirty) findings.push(dirty('it is marked as dirty'));
  const isClean = await orDamaged(() => isLogClean(table, call));
  if (isClean === undefined) findings.push(unread('its log is damaged'));
  else if (!isClean) findings.push(unread('its log was not closed'));
  return { label: described?.label ?? '', findings };
}

async function orDamaged<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    return undefined;
  }
}

function dirty(why: string): Finding {
  return {
    severity: 'warning',
    code: 'file-system-errors',
    message: `the NTFS file system asks to be checked (${why}): files may be missing or wrong`,
  };
}

function unread(why: string): Finding {
  return {
    severity: 'warning',
    code: 'journal-unread',
    message: `the NTFS file system was in use, or may have been (${why}, and is not replayed): files that changed last may be wrong or missing`,
  };
}

async function readVolume(
  table: MasterFileTable,
  call: Call | undefined,
): Promise<{ readonly label: string; readonly isDirty: boolean }> {
  const file = await table.file({ record: RECORD.volume, sequence: 0 }, call);
  const name = await file.find(ATTRIBUTE.volumeName, '', call);
  const label =
    name === undefined ? '' : wideText(await readValue(table.volume, name, MOST_NAME_BYTES, call));
  const information = await file.find(ATTRIBUTE.volumeInformation, '', call);
  const fields = information && new Fields(await readValue(table.volume, information, MOST_NAME_BYTES, call));
  const isDirty = fields === undefined || fields.bytes.byteLength < 12 || (fields.u16(10) & FLAG_DIRTY) !== 0;
  return { label, isDirty };
}

/** Whether the newer of the two pages where a restart would begin says that nobody uses the log. */
async function isLogClean(table: MasterFileTable, call: Call | undefined): Promise<boolean> {
  const file = await table.file({ record: RECORD.log, sequence: 0 }, call);
  const data = await file.find(ATTRIBUTE.data, '', call);
  if (data === undefined || !isMapped(data)) return false;
  const first = await pageAt(table, data, 0, call);
  if (first === undefined) return false;
  const magic = first.text(0, 4);
  if (first.u32(0) === EMPTY || magic === CHECKED_MAGIC) return true;
  const pageBytes = magic === RESTART_MAGIC ? first.u32(16) : PAGE.usual;
  const second = await pageAt(table, data, pageBytes, call);
  const areas = [restartArea(first), second && restartArea(second)].filter((area) => area !== undefined);
  const newest = areas.sort((a, b) => Number(b.bits64(0) - a.bits64(0)))[0];
  return newest !== undefined && (newest.u16(12) === NO_CLIENT || (newest.u16(14) & FLAG_CLEAN) !== 0);
}

/** The page of the log that begins at byte `at`; `undefined` for none. */
async function pageAt(
  { volume }: MasterFileTable,
  data: AttributeStream,
  at: number,
  call: Call | undefined,
): Promise<Fields | undefined> {
  const sizeBytes = valueBytes(data);
  if (!isMapped(data) || at + PAGE.least > sizeBytes) return undefined;
  const log = clusterBytesOf(volume, data, sizeBytes);
  const head = new Fields(await log.load({ offset: at, length: PAGE.least }, call));
  const pageBytes = head.u32(16);
  const isPage =
    head.text(0, 4) === RESTART_MAGIC &&
    pageBytes >= PAGE.least &&
    pageBytes <= PAGE.most &&
    pageBytes % 512 === 0;
  if (!isPage) return head;
  const whole = undoUpdateSequence(await log.load({ offset: at, length: pageBytes }, call));
  return whole && new Fields(whole);
}

/** Where a page tells how far its log came, and who uses it. */
function restartArea(page: Fields): Fields | undefined {
  if (page.text(0, 4) !== RESTART_MAGIC) return undefined;
  const at = page.u16(24);
  return at + 16 > page.bytes.byteLength ? undefined : page.part(at, 16);
}
