import type { FileHandle } from '@sendense/plugin-kit/files';
import { asciiAt, readUint64, writeAscii } from '../fields.ts';
import { vhdChecksum } from './checksum.ts';
import {
  FORMAT_VERSION,
  HEADER_BYTES,
  HEADER_COOKIE,
  MAX_BLOCK_BYTES,
  NO_OFFSET,
  SECTOR_BYTES,
} from './constants.ts';
import { corrupt, invalid, unsupported } from './format-error.ts';

const CHECKSUM_AT = 36;
const LOCATORS_AT = 576;
const LOCATOR_BYTES = 24;
const LOCATORS = 8;

/** Where a name of the parent is stored. */
export type ParentLocator = {
  /** Four characters, e.g. `W2ru`. */
  readonly platform: string;
  readonly offset: number;
  /** Length in bytes. */
  readonly length: number;
};

/** The header of a disk with blocks. */
export type DynamicHeader = {
  /** Where the block allocation table lies, in bytes. */
  readonly tableOffset: number;
  readonly tableEntries: number;
  readonly blockBytes: number;
  readonly parentId: string;
  /** When the parent was changed last, in seconds since 2000-01-01 UTC. */
  readonly parentTimestamp: number;
  /** Name of the parent without its folder. */
  readonly parentName: string;
  readonly locators: readonly ParentLocator[];
};

/** Reads the header at `offset`. Rejects with `CORRUPT` for a wrong checksum, `FORMAT_UNSUPPORTED` for unknown versions. */
export async function readDynamicHeader(handle: FileHandle, offset: number): Promise<DynamicHeader> {
  const bytes = new Uint8Array(HEADER_BYTES);
  const count = Number.isSafeInteger(offset) ? await handle.read(bytes, offset) : 0;
  const view = new DataView(bytes.buffer);
  if (count < HEADER_BYTES || asciiAt(view, 0, 8) !== HEADER_COOKIE)
    throw invalid('the header of its blocks is missing');
  if (view.getUint32(CHECKSUM_AT) !== vhdChecksum(bytes, CHECKSUM_AT))
    throw corrupt('the checksum of the header of its blocks is wrong');
  const version = view.getUint32(24);
  if (version >>> 16 !== FORMAT_VERSION >>> 16)
    throw unsupported(`has version ${version >>> 16} of the header, and 1 is known`);
  return {
    tableOffset: readUint64(view, 16),
    tableEntries: view.getUint32(28),
    blockBytes: checkedBlockBytes(view.getUint32(32)),
    parentId: Buffer.from(bytes.subarray(40, 56)).toString('hex'),
    parentTimestamp: view.getUint32(56),
    parentName: new TextDecoder('utf-16be').decode(bytes.subarray(64, LOCATORS_AT)).replace(/\0.*$/s, ''),
    locators: locatorsOf(view),
  };
}

/** The header of a dynamic disk, which has no parent. */
export function serializeDynamicHeader(
  header: Pick<DynamicHeader, 'tableOffset' | 'tableEntries' | 'blockBytes'>,
): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  writeAscii(bytes, 0, HEADER_COOKIE);
  view.setBigUint64(8, NO_OFFSET);
  view.setBigUint64(16, BigInt(header.tableOffset));
  view.setUint32(24, FORMAT_VERSION);
  view.setUint32(28, header.tableEntries);
  view.setUint32(32, header.blockBytes);
  view.setUint32(CHECKSUM_AT, vhdChecksum(bytes, CHECKSUM_AT));
  return bytes;
}

function checkedBlockBytes(bytes: number): number {
  if (bytes >= SECTOR_BYTES && bytes <= MAX_BLOCK_BYTES && Number.isInteger(Math.log2(bytes))) return bytes;
  throw unsupported(
    `has blocks of ${bytes} bytes: powers of two from ${SECTOR_BYTES} to ${MAX_BLOCK_BYTES} are known`,
  );
}

function locatorsOf(view: DataView): ParentLocator[] {
  const locators: ParentLocator[] = [];
  for (let index = 0; index < LOCATORS; index += 1) {
    const at = LOCATORS_AT + index * LOCATOR_BYTES;
    if (view.getUint32(at) === 0) continue;
    locators.push({
      platform: asciiAt(view, at, 4),
      length: view.getUint32(at + 8),
      offset: readUint64(view, at + 16),
    });
  }
  return locators;
}
