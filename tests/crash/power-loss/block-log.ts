import type { FileHandle } from 'node:fs/promises';

/** One entry of a dm-log-writes log: sectors of 512 bytes. */
export type LogEntry = {
  readonly sector: number;
  readonly sectors: number;
  readonly flush: boolean;
  /** Durable by itself once acknowledged. */
  readonly fua: boolean;
  readonly discard: boolean;
  /** Where the entry's data lies in the log file. */
  readonly dataOffset: number;
  /** End of the entry in the log file: it was written before anything recorded later. */
  readonly endOffset: number;
};

const MAGIC = 0x6a736677736872n;
const SECTOR = 512;

async function readAt(log: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await log.read(buffer, 0, length, position);
  if (bytesRead !== length) throw new Error(`block log ends at ${position + bytesRead}`);
  return buffer;
}

/** Reads the log that QEMU's blklogwrites wrote (the format of the kernel's dm-log-writes, little-endian). */
export async function* readBlockLog(log: FileHandle): AsyncGenerator<LogEntry> {
  const head = await readAt(log, 0, SECTOR);
  if (head.readBigUInt64LE(0) !== MAGIC) throw new Error('not a block log');
  const entries = Number(head.readBigUInt64LE(16));
  if (head.readUInt32LE(24) !== SECTOR) throw new Error('block log with another sector size');
  let position = SECTOR;
  for (let index = 0; index < entries; index++) {
    const record = await readAt(log, position, 32);
    const sectors = Number(record.readBigUInt64LE(8));
    const flags = Number(record.readBigUInt64LE(16));
    const discard = (flags & 4) !== 0;
    const dataOffset = position + SECTOR;
    position = dataOffset + (discard ? 0 : sectors * SECTOR);
    yield {
      sector: Number(record.readBigUInt64LE(0)),
      sectors,
      flush: (flags & 1) !== 0,
      fua: (flags & 2) !== 0,
      discard,
      dataOffset,
      endOffset: position,
    };
  }
}

/** Applies one entry to an image, as the disk would have. */
export async function applyEntry(log: FileHandle, entry: LogEntry, image: FileHandle): Promise<void> {
  if (entry.sectors === 0 || entry.discard) return;
  const data = await readAt(log, entry.dataOffset, entry.sectors * SECTOR);
  await image.write(data, 0, data.length, entry.sector * SECTOR);
}
