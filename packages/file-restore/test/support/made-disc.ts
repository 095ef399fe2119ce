import { createMemoryDisk, DiskContent } from '@sendense/testkit';
import type { BrowseSession } from '../../src/session/browse-session.ts';
import { browse } from './browse.ts';
import { pointOf } from './raw-point.ts';

const SECTOR_BYTES = 2048;
const SIZE_BYTES = 2 ** 20;
/** What tells folders, forks and parts of files. */
export const FLAG = { folder: 2, associated: 4, hasMore: 0x80 } as const;
/** The two names that each folder has for itself and the one above. */
const SELF = Buffer.from([0]);
const PARENT = Buffer.from([1]);

/** A record of a folder; places are blocks. */
export type MadeRecord = {
  readonly name: string | Buffer;
  readonly block?: number;
  readonly sizeBytes?: number;
  readonly flags?: number;
  readonly time?: readonly number[];
  readonly systemUse?: readonly Buffer[];
  readonly attributeBlocks?: number;
  readonly unit?: number;
  readonly gap?: number;
  readonly volume?: number;
};

/** A number of 32 bits as discs keep it: twice. */
export function both(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
}

/** The same of 16 bits. */
function bothShort(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(value, 0);
  bytes.writeUInt16BE(value, 2);
  return bytes;
}

/** An entry of a system use area. */
export function use(signature: string, ...data: readonly (Buffer | readonly number[])[]): Buffer {
  const body = Buffer.concat(data.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from(signature), Buffer.from([4 + body.byteLength, 1]), body]);
}

/** A name of Rock Ridge, and the entries that a root begins with where it has it. */
export const nameUse = (name: string): Buffer => use('NM', [0], Buffer.from(name));
export const posixUse = (mode: number, links = 1): Buffer =>
  use('PX', both(mode), both(links), both(1000), both(100));
const EXTENSION = Buffer.from('RRIP_1991A');
export const ROCK_RIDGE: readonly Buffer[] = [
  use('SP', [0xbe, 0xef, 0]),
  use('ER', [EXTENSION.byteLength, 0, 0, 1], EXTENSION),
  posixUse(0o40755),
];

/** Where a record goes on: block, byte and length. */
export const furtherUse = (block: number, offset: number, length: number): Buffer =>
  use('CE', both(block), both(offset), both(length));

/** A record as it lies in a folder. */
export function recordOf(record: MadeRecord): Buffer {
  const name = Buffer.from(record.name);
  const padded = Buffer.concat([name, Buffer.alloc(1 - (name.byteLength % 2))]);
  const system = Buffer.concat(record.systemUse ?? []);
  const body = Buffer.concat([
    Buffer.from([record.attributeBlocks ?? 0]),
    both(record.block ?? 0),
    both(record.sizeBytes ?? 0),
    Buffer.from(record.time ?? [121, 5, 6, 7, 8, 9, 0]),
    Buffer.from([record.flags ?? 0, record.unit ?? 0, record.gap ?? 0]),
    bothShort(record.volume ?? 1),
    Buffer.from([name.byteLength]),
    padded,
    system,
    Buffer.alloc(system.byteLength % 2),
  ]);
  return Buffer.concat([Buffer.from([body.byteLength + 1]), body]);
}

/** A disc of 1 MiB that a test writes by its structures. */
export class MadeDisc {
  readonly bytes = Buffer.alloc(SIZE_BYTES);
  readonly blockBytes: number;
  /** The next sector for a descriptor. */
  #sector = 16;

  constructor(blockBytes = SECTOR_BYTES) {
    this.blockBytes = blockBytes;
  }

  /** A descriptor: 1 is the primary one, 2 with an escape sequence that of Joliet; `rootBlock` is where its root is to lie. */
  describe(type: number, rootBlock: number, rootBytes = SECTOR_BYTES, sequence = ''): this {
    const at = this.#next(type, 'CD001');
    const label =
      type === 1 ? Buffer.from('MADE'.padEnd(32)) : Buffer.from('Måde'.padEnd(16), 'utf16le').swap16();
    label.copy(this.bytes, at + 40);
    both(SIZE_BYTES / this.blockBytes).copy(this.bytes, at + 80);
    this.bytes.write(sequence, at + 88, 'latin1');
    for (const place of [120, 124]) bothShort(1).copy(this.bytes, at + place);
    bothShort(this.blockBytes).copy(this.bytes, at + 128);
    recordOf({ name: SELF, block: rootBlock, sizeBytes: rootBytes, flags: FLAG.folder }).copy(
      this.bytes,
      at + 156,
    );
    this.bytes.write('2021050607080900', at + 813, 'latin1');
    return this;
  }

  /** The end of the descriptors. */
  end(): this {
    this.#next(255, 'CD001');
    return this;
  }

  /** A descriptor of another standard. */
  mark(identifier: string): this {
    this.#next(0, identifier);
    return this;
  }

  /** Bytes at a block. */
  write(block: number, bytes: Uint8Array): this {
    this.bytes.set(bytes, block * this.blockBytes);
    return this;
  }

  /** A folder in as many sectors as it takes; `own` is what it keeps of itself. */
  folder(
    block: number,
    records: readonly MadeRecord[],
    own: readonly Buffer[] = [],
    sizeBytes = SECTOR_BYTES,
  ): this {
    let at = block * this.blockBytes;
    const itself = { block, sizeBytes, flags: FLAG.folder };
    for (const record of [
      { name: SELF, ...itself, systemUse: own },
      { name: PARENT, ...itself },
      ...records,
    ]) {
      const bytes = recordOf(record);
      const left = SECTOR_BYTES - (at % SECTOR_BYTES);
      if (bytes.byteLength > left) at += left;
      bytes.copy(this.bytes, at);
      at += bytes.byteLength;
    }
    return this;
  }

  /** Where a record begins of which the identifier occurs once. */
  recordAt(name: string): number {
    const identifier = Buffer.concat([Buffer.from([name.length]), Buffer.from(name)]);
    const at = this.bytes.indexOf(identifier);
    if (at === -1) throw new Error(`there is no ${name}`);
    return at - 32;
  }

  browse(): Promise<BrowseSession> {
    const content = new DiskContent(SIZE_BYTES);
    content.write(0, this.bytes);
    return browse(pointOf([createMemoryDisk({ sizeBytes: SIZE_BYTES, content }).openReader()]));
  }

  #next(type: number, identifier: string): number {
    const at = this.#sector * SECTOR_BYTES;
    this.#sector += 1;
    this.bytes.writeUInt8(type, at);
    this.bytes.write(identifier, at + 1, 'latin1');
    this.bytes.writeUInt8(1, at + 6);
    return at;
  }
}

/** A disc with Rock Ridge whose root, in block 40, holds these records; a test adds what they name. */
export function rockRidgeDisc(records: readonly MadeRecord[]): MadeDisc {
  return new MadeDisc().describe(1, 40).end().folder(40, records, ROCK_RIDGE);
}

/** The same without Rock Ridge. */
export function plainDisc(records: readonly MadeRecord[], blockBytes = SECTOR_BYTES): MadeDisc {
  // four blocks of 512 bytes are a sector, and the descriptors lie before the root
  const root = (40 * SECTOR_BYTES) / blockBytes;
  return new MadeDisc(blockBytes).describe(1, root).end().folder(root, records);
}
