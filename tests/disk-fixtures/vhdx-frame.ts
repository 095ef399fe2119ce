import { seededBytes } from '@sendense/testkit';
import type { FieldRow, StructureBytes } from './structure-bytes.ts';

const KIB = 1024;
/** A mebibyte: what everything behind the headers is aligned to. */
export const MIB = 1024 * KIB;

/** Where the fixtures have the parts of a VHDX; the format leaves all but the headers and region tables free. */
export const VHDX = {
  headerAt: [64 * KIB, 128 * KIB],
  regionsAt: [192 * KIB, 256 * KIB],
  logAt: MIB,
  logBytes: MIB,
  metadataAt: 2 * MIB,
  tableAt: 3 * MIB,
} as const;

/** What the headers and the metadata say. */
export type VhdxFrame = {
  readonly dataWriteId: Uint8Array;
  readonly tableBytes: number;
  readonly blockBytes: number;
  readonly sizeBytes: number;
  readonly sectorBytes: number;
  readonly parentId?: Uint8Array;
};

/** The bytes of a GUID: its first three parts are little-endian. */
export function guid(text: string): Uint8Array {
  const hex = Buffer.from(text.replaceAll('-', ''), 'hex');
  return new Uint8Array([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map((at) => hex[at] ?? 0));
}

/** The text of a GUID, in braces as the parent locator has it. */
export function guidText(bytes: Uint8Array): string {
  const hex = Buffer.from(guid(Buffer.from(bytes).toString('hex'))).toString('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return `{${parts.join('-')}}`;
}

/** Writes the file identifier, both headers, both region tables and the metadata. */
export function writeVhdxFrame(file: StructureBytes, frame: VhdxFrame): void {
  file.reach(VHDX.tableAt);
  file.rows(0, 'file', [
    ['signature', 8, 'vhdxfile'],
    ['creator', 512, Buffer.from('fixture', 'utf16le')],
  ]);
  for (const [index, at] of VHDX.headerAt.entries()) {
    writeVhdxHeader(file, at, {
      sequence: 7 + index,
      dataWriteId: frame.dataWriteId,
      logId: new Uint8Array(16),
    });
  }
  for (const at of VHDX.regionsAt) writeRegions(file, at, frame.tableBytes);
  writeMetadata(file, frame);
}

/** What is particular to one of the two headers. */
export type VhdxHeader = {
  readonly sequence: number;
  readonly dataWriteId: Uint8Array;
  /** Not all zeros: there is a log to replay. */
  readonly logId: Uint8Array;
};

/** Writes one of the two headers. */
export function writeVhdxHeader(file: StructureBytes, at: number, header: VhdxHeader): void {
  file.rows(at, `header at ${at}`, [
    ['signature', 4, 'head'],
    ['checksum', 4, 0],
    ['sequence', 8, header.sequence],
    ['file write id', 16, seededBytes(93, 16)],
    ['data write id', 16, header.dataWriteId],
    ['log id', 16, header.logId],
    ['log version', 2, 0],
    ['version', 2, 1],
    ['log length', 4, VHDX.logBytes],
    ['log offset', 8, VHDX.logAt],
  ]);
  file.seal({ at, length: 4096, checksumAt: at + 4, kind: 'crc32c' });
}

function writeRegions(file: StructureBytes, at: number, tableBytes: number): void {
  const name = `regions at ${at}`;
  const behind = file.rows(at, name, [
    ['signature', 4, 'regi'],
    ['checksum', 4, 0],
    ['count', 4, 2],
    ['reserved', 4, 0],
  ]);
  const next = file.rows(behind, `${name} table`, [
    ['id', 16, guid('2dc27766-f623-4200-9d64-115e9bfd4a08')],
    ['offset', 8, VHDX.tableAt],
    ['length', 4, tableBytes],
    ['required', 4, 1],
  ]);
  file.rows(next, `${name} metadata`, [
    ['id', 16, guid('8b7ca206-4790-4b9a-b8fe-575f050f886e')],
    ['offset', 8, VHDX.metadataAt],
    ['length', 4, MIB],
    ['required', 4, 1],
  ]);
  file.seal({ at, length: 64 * KIB, checksumAt: at + 4, kind: 'crc32c' });
}

type Item = {
  readonly name: string;
  readonly id: string;
  readonly flags: number;
  readonly rows: readonly FieldRow[];
};

const USER_DISK_REQUIRED = 6;
const FILE_REQUIRED = 4;

function items(frame: VhdxFrame): Item[] {
  const number = (name: string, id: string, width: number, value: number): Item => ({
    name,
    id,
    flags: USER_DISK_REQUIRED,
    rows: [[name, width, value]],
  });
  const parent = frame.parentId === undefined ? [] : [parentLocator(frame.parentId)];
  return [
    {
      name: 'file parameters',
      id: 'caa16737-fa36-4d43-b3b6-33f0aa44e76b',
      flags: FILE_REQUIRED,
      rows: [
        ['block size', 4, frame.blockBytes],
        ['flags', 4, frame.parentId === undefined ? 0 : 2],
      ],
    },
    number('disk size', '2fa54224-cd1b-4876-b211-5dbed83bf4b8', 8, frame.sizeBytes),
    number('logical sector', '8141bf1d-a96f-4709-ba47-f233a8faab5f', 4, frame.sectorBytes),
    number('physical sector', 'cda348c7-445d-4471-9cc9-e9885251c556', 4, 4096),
    {
      name: 'disk id',
      id: 'beca12ab-b2e6-4523-93ef-c309e000c746',
      flags: USER_DISK_REQUIRED,
      rows: [['disk id', 16, seededBytes(94, 16)]],
    },
    ...parent,
  ];
}

function writeMetadata(file: StructureBytes, frame: VhdxFrame): void {
  const list = items(frame);
  file.rows(VHDX.metadataAt, 'metadata', [
    ['signature', 8, 'metadata'],
    ['reserved', 2, 0],
    ['count', 2, list.length],
  ]);
  let offset = 64 * KIB;
  for (const [index, { name, id, flags, rows }] of list.entries()) {
    const end = file.rows(VHDX.metadataAt + offset, name, rows) - VHDX.metadataAt;
    file.rows(VHDX.metadataAt + 32 + index * 32, `entry of ${name}`, [
      ['id', 16, guid(id)],
      ['offset', 4, offset],
      ['length', 4, end - offset],
      ['flags', 4, flags],
      ['reserved', 4, 0],
    ]);
    offset = end;
  }
}

/** Keys and values of the locator, in UTF-16 behind its entries. */
function parentLocator(parentId: Uint8Array): Item {
  const pairs = Object.entries({
    parent_linkage: guidText(parentId),
    relative_path: '.\\parent.vhdx',
    absolute_win32_path: 'C:\\disks\\parent.vhdx',
  });
  const rows: FieldRow[] = [
    ['type', 16, guid('b04aefb7-d19e-4a81-b789-25b8e9445913')],
    ['reserved', 2, 0],
    ['count', 2, pairs.length],
  ];
  const texts = pairs.flat().map((text) => Buffer.from(text, 'utf16le'));
  const places: number[] = [];
  let next = 20 + pairs.length * 12;
  for (const text of texts) {
    places.push(next);
    next += text.byteLength;
  }
  for (const index of pairs.keys()) {
    const [key, value] = [index * 2, index * 2 + 1];
    rows.push(
      [`key offset ${index}`, 4, places[key] ?? 0],
      [`value offset ${index}`, 4, places[value] ?? 0],
      [`key length ${index}`, 2, texts[key]?.byteLength ?? 0],
      [`value length ${index}`, 2, texts[value]?.byteLength ?? 0],
    );
  }
  for (const [index, text] of texts.entries()) rows.push([`text ${index}`, text.byteLength, text]);
  return { name: 'parent locator', id: 'a8d35f2d-b30b-454d-abf7-d3d84834ab0c', flags: FILE_REQUIRED, rows };
}
