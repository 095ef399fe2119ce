import { mkdir } from 'node:fs/promises';
import { createMemoryDisk, DiskContent } from '@sendense/testkit';
import { undoUpdateSequence } from '../../src/ntfs/update-sequence.ts';
import type { BrowseSession } from '../../src/session/browse-session.ts';
import { browse } from './browse.ts';
import { run } from './program.ts';
import { pointOf } from './raw-point.ts';

const RECORD_BYTES = 1024;

/** Makes an NTFS file system in a new file; `options` are those of mkntfs. */
export function makeNtfs(image: string, size: string, options: readonly string[]): void {
  run('truncate', ['-s', size, image]);
  run('mkntfs', ['--force', '--fast', '--quiet', ...options, image]);
}

/** Mounts an image beside it by ntfs-3g, lets `fill` write to it, and unmounts it. */
export async function fillNtfs(
  image: string,
  fill: (mount: string) => Promise<void>,
  { sectorBytes = 512, options = '' }: { readonly sectorBytes?: number; readonly options?: string } = {},
): Promise<void> {
  const mount = `${image}.mount`;
  await mkdir(mount, { recursive: true });
  // over a block device unmounting ends when all is written; over a file it does not wait
  const device = run('losetup', ['--find', '--show', '--sector-size', `${sectorBytes}`, image]).trim();
  try {
    run('ntfs-3g', ['-o', ['compression', options].filter((option) => option !== '').join(), device, mount]);
    try {
      await fill(mount);
    } finally {
      run('umount', [mount]);
    }
  } finally {
    run('losetup', ['--detach', device]);
  }
}

/** Sets what Windows says of a file (`FILE_ATTRIBUTE_…`). */
export function setAttributes(path: string, attributes: number): void {
  run('setfattr', ['-h', '-n', 'system.ntfs_attrib_be', '-v', `0x${hex32(attributes)}`, path]);
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, '0');
}

/** Makes a file or an empty folder a reparse point. */
export function setReparsePoint(path: string, tag: number, data: Uint8Array): void {
  const point = Buffer.alloc(8 + data.byteLength);
  point.writeUInt32LE(tag, 0);
  point.writeUInt16LE(data.byteLength, 4);
  point.set(data, 8);
  run('setfattr', ['-h', '-n', 'system.ntfs_reparse_data', '-v', `0x${point.toString('hex')}`, path]);
}

/** The data of a reparse point of a mount point, or of a symbolic link when `flags` are given. */
export function linkData(target: string, flags?: number): Buffer {
  const text = Buffer.from(target, 'utf16le');
  const head = Buffer.alloc(flags === undefined ? 8 : 12);
  head.writeUInt16LE(text.byteLength, 2);
  head.writeUInt16LE(text.byteLength, 4);
  if (flags !== undefined) head.writeUInt32LE(flags, 8);
  return Buffer.concat([head, text]);
}

/** The data of a reparse point of a file that the system compressed (WOF) into a stream of its own, by the number of the algorithm. */
export function overlayData(algorithm: number): Buffer {
  const data = Buffer.alloc(20);
  for (const [index, value] of [1, 2, 1, algorithm, 0].entries()) data.writeUInt32LE(value, index * 4);
  return data;
}

/** Runs as an attribute maps them: how many clusters, and where they lie. */
export function runList(runs: readonly (readonly [number, number])[]): Buffer {
  let before = 0;
  const parts = runs.map(([clusters, place]) => {
    const part = Buffer.alloc(9, 0x44);
    part.writeUInt32LE(clusters, 1);
    part.writeInt32LE(place - before, 5);
    before = place;
    return part;
  });
  return Buffer.concat([...parts, Buffer.alloc(8 - ((parts.length * 9) % 8))]);
}

/** An image in memory whose table lies together, with records of 1 KiB, as in one that was just made; a test changes it. */
export class NtfsBytes {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** A session over a copy after `change`. */
  browse(change: (copy: NtfsBytes) => void): Promise<BrowseSession> {
    const copy = new NtfsBytes(Buffer.from(this.bytes));
    change(copy);
    const sizeBytes = copy.bytes.byteLength;
    const content = new DiskContent(sizeBytes);
    content.write(0, copy.bytes);
    return browse(pointOf([createMemoryDisk({ sizeBytes, content }).openReader()]));
  }

  get clusterBytes(): number {
    return this.bytes.readUInt16LE(11) * this.bytes.readUInt8(13);
  }

  /** Where a record of the master file table begins. */
  recordAt(record: number): number {
    return Number(this.bytes.readBigUInt64LE(0x30)) * this.clusterBytes + record * RECORD_BYTES;
  }

  /** A copy of a record as it was before it was written. */
  record(record: number): Buffer {
    const at = this.recordAt(record);
    return Buffer.from(undoUpdateSequence(this.bytes.subarray(at, at + RECORD_BYTES)) ?? []);
  }

  /** Writes a record as Windows does: the ends of its parts go into its head, and a number comes in their place. */
  writeRecord(record: number, bytes: Buffer): void {
    const at = bytes.readUInt16LE(4);
    for (let end = 510; end < RECORD_BYTES; end += 512) {
      bytes.copy(bytes, at + ((end + 2) / 512) * 2, end, end + 2);
      bytes.copy(bytes, end, at, at + 2);
    }
    this.bytes.set(bytes, this.recordAt(record));
  }

  /** Changes a record; `attributeAt` tells where its first attribute of a type begins. */
  change(record: number, edit: (bytes: Buffer, attributeAt: (type: number) => number) => void): void {
    const bytes = this.record(record);
    edit(bytes, (type) => attributeIn(bytes, type));
    this.writeRecord(record, bytes);
  }

  /** Where the first cluster of the first mapped attribute of a type lies. */
  clusterAt(record: number, type: number): number {
    const bytes = this.record(record);
    const attribute = attributeIn(bytes, type);
    const at = attribute + bytes.readUInt16LE(attribute + 32);
    const [length, distance] = [bytes.readUInt8(at) & 15, bytes.readUInt8(at) >> 4];
    return bytes.readIntLE(at + 1 + length, distance) * this.clusterBytes;
  }
}

function attributeIn(bytes: Buffer, type: number): number {
  let at = bytes.readUInt16LE(20);
  while (bytes.readUInt32LE(at) !== type) {
    if (bytes.readUInt32LE(at) === 0xffff_ffff) throw new Error(`the record has no attribute ${type}`);
    at += bytes.readUInt32LE(at + 4);
  }
  return at;
}
