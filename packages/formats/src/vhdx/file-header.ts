import type { Finding } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { asciiAt, readUint64, writeAscii } from '../fields.ts';
import { FILE_SIGNATURE, HEADER_BYTES, HEADER_OFFSETS, HEADER_SIGNATURE } from './constants.ts';
import { corrupt, invalid, unsupported } from './format-error.ts';
import { guidAt, guidBytes, NO_GUID } from './guid.ts';
import { structureChecksum } from './structure-checksum.ts';

/** What changes in a file while it is used. */
export type VhdxHeader = {
  /** The valid header with the higher number is the one that counts. */
  readonly sequenceNumber: bigint;
  /** Changes when anything in the file does. */
  readonly fileWriteGuid: string;
  /** Changes when the disk does: what a child is bound to. */
  readonly dataWriteGuid: string;
  /** Of the entries in the log that count; absent when there is nothing to replay. */
  readonly logGuid?: string;
  readonly logOffset: number;
  readonly logBytes: number;
};

/** The header that counts, and what is wrong with the other one. */
export type FoundHeader = { readonly header: VhdxHeader; readonly warnings: readonly Finding[] };

/** Reads both headers. Rejects with `FORMAT_INVALID` for other files, `CORRUPT` when both are damaged. */
export async function readHeader(handle: FileHandle): Promise<FoundHeader> {
  const [first, second] = HEADER_OFFSETS;
  const signature = new Uint8Array(FILE_SIGNATURE.length);
  await handle.read(signature, 0);
  if (Buffer.from(signature).toString('latin1') !== FILE_SIGNATURE)
    throw invalid('it does not begin like one');
  const headers = [await headerAt(handle, first), await headerAt(handle, second)] as const;
  const [a, b] = headers;
  if (a === undefined && b === undefined) throw corrupt('both of its headers are damaged');
  if (a === undefined || b === undefined)
    return { header: known(a ?? b), warnings: [damaged(a === undefined ? 'first' : 'second')] };
  return { header: a.sequenceNumber >= b.sequenceNumber ? a : b, warnings: [] };
}

/** The 4 KiB of a header. */
export function serializeHeader(header: VhdxHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  writeAscii(bytes, 0, HEADER_SIGNATURE);
  view.setBigUint64(8, header.sequenceNumber, true);
  bytes.set(guidBytes(header.fileWriteGuid), 16);
  bytes.set(guidBytes(header.dataWriteGuid), 32);
  bytes.set(guidBytes(header.logGuid ?? NO_GUID), 48);
  view.setUint16(66, 1, true);
  view.setUint32(68, header.logBytes, true);
  view.setBigUint64(72, BigInt(header.logOffset), true);
  view.setUint32(4, structureChecksum(bytes), true);
  return bytes;
}

async function headerAt(handle: FileHandle, position: number): Promise<VhdxHeader | undefined> {
  const bytes = new Uint8Array(HEADER_BYTES);
  await handle.read(bytes, position);
  const view = new DataView(bytes.buffer);
  if (asciiAt(view, 0, 4) !== HEADER_SIGNATURE || view.getUint32(4, true) !== structureChecksum(bytes))
    return undefined;
  const version = view.getUint16(66, true);
  if (version !== 1) throw unsupported(`has version ${version} of the format, and 1 is known`);
  const logGuid = guidAt(view, 48);
  const logVersion = view.getUint16(64, true);
  if (logGuid !== NO_GUID && logVersion !== 0)
    throw unsupported(`has a log of version ${logVersion}, and 0 is known`);
  return {
    sequenceNumber: view.getBigUint64(8, true),
    fileWriteGuid: guidAt(view, 16),
    dataWriteGuid: guidAt(view, 32),
    ...(logGuid !== NO_GUID && { logGuid }),
    logBytes: view.getUint32(68, true),
    logOffset: readUint64(view, 72, true),
  };
}

function known(header: VhdxHeader | undefined): VhdxHeader {
  if (header !== undefined) return header;
  throw corrupt('both of its headers are damaged');
}

function damaged(which: string): Finding {
  const message = `the ${which} of its two headers is damaged: the other one was used`;
  return { severity: 'warning', code: 'header-damaged', message };
}
