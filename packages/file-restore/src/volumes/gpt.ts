import { crc32 } from 'node:zlib';
import type { Call } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { Fields } from '../bytes/fields.ts';
import type { Partition, PartitionTable } from './volume.ts';

/** The UEFI specification asks for 16 KiB of entries; no tool makes more than this. */
const MOST_ENTRY_BYTES = 1024 * 1024;

type Header = {
  readonly entriesAt: number;
  readonly entries: number;
  readonly entryBytes: number;
  readonly entriesCrc: number;
};

/**
 * Reads a GUID partition table, from its copy at the end of the disk where the first one is damaged (which is told);
 * `undefined` when there is neither. Checksums are checked as the UEFI specification (5.3) lays them out.
 */
export async function readGpt(
  disk: ByteSource,
  sectorBytes: number,
  call?: Call,
): Promise<PartitionTable | undefined> {
  const sectors = Math.floor(disk.sizeBytes / sectorBytes);
  if (sectors < 4) return undefined;
  const first = await readTable(disk, sectorBytes, 1, call);
  if (first !== undefined) return first;
  const copy = await readTable(disk, sectorBytes, sectors - 1, call);
  if (copy === undefined) return undefined;
  const fault = 'the first partition table is damaged: its copy at the end of the disk is read';
  return { partitions: copy.partitions, faults: [fault, ...copy.faults] };
}

async function readTable(
  disk: ByteSource,
  sectorBytes: number,
  sector: number,
  call: Call | undefined,
): Promise<PartitionTable | undefined> {
  const header = readHeader(await readBytes(disk, sector * sectorBytes, sectorBytes, call), sector);
  if (header === undefined) return undefined;
  const { entriesAt, entries, entryBytes, entriesCrc } = header;
  const offset = entriesAt * sectorBytes;
  const length = entries * entryBytes;
  if (length > MOST_ENTRY_BYTES || offset + length > disk.sizeBytes) return undefined;
  const bytes = await readBytes(disk, offset, length, call);
  if (crc32(bytes) !== entriesCrc) return undefined;
  return readEntries(bytes, entryBytes, sectorBytes, disk.sizeBytes);
}

function readHeader(sector: Uint8Array, at: number): Header | undefined {
  const fields = new Fields(sector);
  const headerBytes = fields.u32(12);
  if (fields.text(0, 8) !== 'EFI PART' || headerBytes < 92 || headerBytes > sector.byteLength)
    return undefined;
  const unsigned = Uint8Array.from(fields.slice(0, headerBytes));
  unsigned.fill(0, 16, 20);
  const entryBytes = fields.u32(84);
  if (crc32(unsigned) !== fields.u32(16) || fields.u64(24) !== at) return undefined;
  if (entryBytes < 128 || entryBytes % 8 !== 0) return undefined;
  return { entriesAt: fields.u64(72), entries: fields.u32(80), entryBytes, entriesCrc: fields.u32(88) };
}

function readEntries(
  bytes: Uint8Array,
  entryBytes: number,
  sectorBytes: number,
  sizeBytes: number,
): PartitionTable {
  const partitions: Partition[] = [];
  const faults: string[] = [];
  for (let at = 0; at + entryBytes <= bytes.byteLength; at += entryBytes) {
    const entry = new Fields(bytes.subarray(at, at + entryBytes));
    if (entry.slice(0, 16).every((byte) => byte === 0)) continue;
    const number = at / entryBytes + 1;
    const offset = entry.u64(32) * sectorBytes;
    const end = (entry.u64(40) + 1) * sectorBytes;
    if (end > sizeBytes) faults.push(`partition ${number} reaches past the end of the disk`);
    const length = Math.min(end, sizeBytes) - offset;
    const label = new TextDecoder('utf-16le').decode(entry.slice(56, 72)).replace(/\0.*$/su, '');
    if (length > 0) partitions.push({ number, offset, length, label });
    else faults.push(`partition ${number} is empty or outside of the disk`);
  }
  return { partitions, faults };
}
