import { type Checksum, loadChecksum, loadNameHash } from '../../src/btrfs/checksum.ts';
import type { ByteSource, NamedSource } from '../../src/bytes/byte-source.ts';

/** Blocks of metadata and sectors of data are as long. */
export const BLOCK = 4096;
export const STRIPE = 65_536;
const DEVICE_BYTES = 3 * 2 ** 19;
const SUPERBLOCK = 65_536;
/** Ways of spreading. */
export const PROFILE = {
  single: 0,
  raid0: 0x8,
  raid1: 0x10,
  raid10: 0x40,
  raid5: 0x80,
  raid1c4: 0x400,
} as const;
/** Where the chunks begin, in the file system and on each of their devices. */
export const METADATA = { logical: 2 ** 20, length: 4 * STRIPE, at: 2 * STRIPE } as const;
export const DATA = { logical: 2 ** 21, length: 12 * STRIPE, at: 8 * STRIPE } as const;
/** Where the blocks of metadata lie, by what they hold. */
export const ROOT = {
  chunks: METADATA.logical,
  trees: METADATA.logical + BLOCK,
  files: METADATA.logical + 2 * BLOCK,
  checksums: METADATA.logical + 3 * BLOCK,
} as const;

/** Negative numbers are marks. */
export type MadeKey = readonly [objectId: number, type: number, offset: number];
type MadeItem = readonly [key: MadeKey, data: Uint8Array];

/** How a chunk is spread, over how many devices: the first ones. */
type MadeProfile = readonly [profile: number, devices: number];

/** What a made file system is to be. In its root there is `file` of whole sectors, which lie from the begin of its data on. */
export type Made = {
  readonly metadata: MadeProfile;
  readonly data: MadeProfile;
  readonly content: Uint8Array;
  readonly generation?: number;
  /** The file has no checksums, which its inode says. */
  readonly isUnchecked?: boolean;
  /** How many sectors of the content have a checksum; all. */
  readonly checked?: number;
  /** Another name that has the hash of `file`. */
  readonly sameHash?: string;
  /** What the blocks of metadata name as their file system, where it is not what the superblock does. */
  readonly metadataUuid?: Buffer;
  /** What the superblock says of the size of each device. */
  readonly deviceBytes?: number;
};

const UUID = Buffer.alloc(16, 0x5b);

type Value = readonly [at: number, value: number, bits?: number];

function numbers(size: number, values: readonly Value[]): Buffer {
  const bytes = Buffer.alloc(size);
  for (const [at, value, bits = 64] of values)
    if (bits === 64) bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), at);
    else bytes.writeUIntLE(value, at, bits / 8);
  return bytes;
}

function keyBytes([objectId, type, offset]: MadeKey): Buffer {
  return numbers(17, [
    [0, objectId],
    [8, type, 8],
    [9, offset],
  ]);
}

function sealed(bytes: Buffer, { of }: Checksum): Buffer {
  bytes.set(of(bytes.subarray(32)));
  return bytes;
}

/** What the head of a block says of it. */
type Head = {
  readonly logical: number;
  readonly owner: number;
  readonly level: number;
  readonly count: number;
};

/** Makes the blocks of one file system, with their checksums. */
export class MadeBlocks {
  readonly #checksum: Checksum;
  readonly #uuid: Buffer;
  readonly #generation: number;

  constructor(checksum: Checksum, uuid: Buffer, generation: number) {
    this.#checksum = checksum;
    this.#uuid = uuid;
    this.#generation = generation;
  }

  #head({ logical, owner, level, count }: Head): Buffer {
    const bytes = numbers(BLOCK, [
      [48, logical],
      [80, this.#generation],
      [88, owner],
      [96, count, 32],
      [100, level, 8],
    ]);
    bytes.set(this.#uuid, 32);
    return bytes;
  }

  leaf(logical: number, owner: number, items: readonly MadeItem[]): Buffer {
    const bytes = this.#head({ logical, owner, level: 0, count: items.length });
    let end = BLOCK - 101;
    for (const [index, [key, data]] of items.entries()) {
      const at = 101 + index * 25;
      end -= data.byteLength;
      bytes.set(keyBytes(key), at);
      bytes.writeUInt32LE(end, at + 17);
      bytes.writeUInt32LE(data.byteLength, at + 21);
      bytes.set(data, 101 + end);
    }
    return sealed(bytes, this.#checksum);
  }

  inner(
    logical: number,
    owner: number,
    level: number,
    pointers: readonly (readonly [MadeKey, number])[],
  ): Buffer {
    const bytes = this.#head({ logical, owner, level, count: pointers.length });
    for (const [index, [key, child]] of pointers.entries()) {
      const at = 101 + index * 33;
      bytes.set(keyBytes(key), at);
      bytes.writeBigUInt64LE(BigInt(child), at + 17);
      bytes.writeBigUInt64LE(BigInt(this.#generation), at + 25);
    }
    return sealed(bytes, this.#checksum);
  }
}

function chunkItem(length: number, at: number, [profile, devices]: MadeProfile): Buffer {
  const head = numbers(48, [
    [0, length],
    [8, 2],
    [16, STRIPE],
    [24, profile],
    [44, devices, 16],
    [46, profile === PROFILE.raid10 ? 2 : 1, 16],
  ]);
  const stripes = Array.from({ length: devices }, (_, index) =>
    numbers(32, [
      [0, index + 1],
      [8, at],
    ]),
  );
  return Buffer.concat([head, ...stripes]);
}

function chunksOf({ metadata, data }: Made): MadeItem[] {
  return [
    [[256, 228, METADATA.logical], chunkItem(METADATA.length, METADATA.at, metadata)],
    [[256, 228, DATA.logical], chunkItem(DATA.length, DATA.at, data)],
  ];
}

function rootItem(logical: number, generation: number): Buffer {
  return numbers(239, [
    [160, generation],
    [168, 256],
    [176, logical],
  ]);
}

function inodeItem(mode: number, size: number, flags: number): Buffer {
  return numbers(160, [
    [16, size],
    [40, 1, 32],
    [52, mode, 32],
    [64, flags],
  ]);
}

function nameItem(name: string, inode: number): Buffer {
  const head = numbers(30, [
    [27, name.length, 16],
    [29, 1, 8],
  ]);
  head.set(keyBytes([inode, 1, 0]));
  return Buffer.concat([head, Buffer.from(name)]);
}

function filesOf({ content, isUnchecked = false, sameHash }: Made, hash: number): MadeItem[] {
  const size = content.byteLength;
  const extent = numbers(53, [
    [8, size],
    [20, 1, 8],
    [21, DATA.logical],
    [29, size],
    [45, size],
  ]);
  const other = sameHash === undefined ? [] : [nameItem(sameHash, 256)];
  return [
    [[256, 1, 0], inodeItem(0o40755, 0, 0)],
    [[256, 84, hash], Buffer.concat([...other, nameItem('file', 257)])],
    [[256, 96, 2], nameItem('file', 257)],
    [[257, 1, 0], inodeItem(0o100644, size, isUnchecked ? 1 : 0)],
    [[257, 108, 0], extent],
  ];
}

function checksumsOf(
  { content, checked, isUnchecked = false }: Made,
  { of, bytes: width }: Checksum,
): MadeItem[] {
  const count = isUnchecked ? 0 : (checked ?? content.byteLength / BLOCK);
  if (count === 0) return [];
  const sums = Array.from({ length: count }, (_, index) =>
    of(content.subarray(index * BLOCK, (index + 1) * BLOCK)).subarray(0, width),
  );
  return [[[-10, 128, DATA.logical], Buffer.concat(sums)]];
}

/** A superblock of device `device`, as it lies at byte `at`. */
export function superblockBytes(
  made: Made,
  { checksum, device, at = SUPERBLOCK }: { checksum: Checksum; device: number; at?: number },
): Buffer {
  const { generation = 7, metadata, data, metadataUuid, deviceBytes = DEVICE_BYTES } = made;
  const [[key, chunk]] = chunksOf(made) as [MadeItem];
  const bytes = numbers(BLOCK, [
    [0x30, at],
    [0x48, generation],
    [0x50, ROOT.trees],
    [0x58, ROOT.chunks],
    [0x80, 6],
    [0x88, Math.max(metadata[1], data[1])],
    [0x90, BLOCK, 32],
    [0x94, BLOCK, 32],
    [0xa0, 17 + chunk.byteLength, 32],
    [0xa4, generation],
    [0xbc, metadataUuid === undefined ? 0 : 1 << 10],
    [0xc9, device],
    [0xd1, deviceBytes],
  ]);
  bytes.set(UUID, 0x20);
  bytes.write('_BHRfS_M', 0x40, 'latin1');
  bytes.write('made', 0x12b);
  bytes.set(metadataUuid ?? [], 0x23b);
  bytes.set(keyBytes(key), 0x32b);
  bytes.set(chunk, 0x32b + 17);
  return sealed(bytes, checksum);
}

/** Where the byte at `offset` of a chunk lies: the index of each device that has it, and the byte there, from the chunk's own on. */
export function placesOf([profile, devices]: MadeProfile, offset: number): [device: number, at: number][] {
  const together = profile === PROFILE.raid10 ? 2 : 1;
  const isStriped = profile === PROFILE.raid0 || profile === PROFILE.raid10;
  const all = Array.from({ length: devices }, (_, index) => index);
  if (!isStriped) return all.map((device) => [device, offset]);
  const columns = devices / together;
  const stripe = Math.floor(offset / STRIPE);
  const at = Math.floor(stripe / columns) * STRIPE + (offset % STRIPE);
  const column = stripe % columns;
  return all.slice(column * together, (column + 1) * together).map((device) => [device, at]);
}

/** The devices of a file system, each as its bytes. */
export async function makeDevices(made: Made): Promise<Buffer[]> {
  const checksum = await loadChecksum(0);
  const { generation = 7, metadata, data, content, metadataUuid = UUID } = made;
  const blocks = new MadeBlocks(checksum, metadataUuid, generation);
  const hash = (await loadNameHash())(Buffer.from('file'));
  const devices = Array.from({ length: Math.max(metadata[1], data[1]) }, () => Buffer.alloc(DEVICE_BYTES));
  const write = (profile: MadeProfile, begin: number, offset: number, bytes: Uint8Array): void => {
    for (const [device, at] of placesOf(profile, offset)) devices[device]?.set(bytes, begin + at);
  };
  const trees: MadeItem[] = [
    [[5, 132, 0], rootItem(ROOT.files, generation)],
    [[7, 132, 0], rootItem(ROOT.checksums, generation)],
  ];
  for (const block of [
    blocks.leaf(ROOT.chunks, 3, chunksOf(made)),
    blocks.leaf(ROOT.trees, 1, trees),
    blocks.leaf(ROOT.files, 5, filesOf(made, hash)),
    blocks.leaf(ROOT.checksums, 7, checksumsOf(made, checksum)),
  ])
    write(metadata, METADATA.at, Number(block.readBigUInt64LE(48)) - METADATA.logical, block);
  for (let at = 0; at < content.byteLength; at += BLOCK)
    write(data, DATA.at, at, content.subarray(at, at + BLOCK));
  for (const [index, device] of devices.entries())
    device.set(superblockBytes(made, { checksum, device: index + 1 }), SUPERBLOCK);
  return devices;
}

/** Bytes as a source. */
export function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.byteLength,
    read: (offset, into) => {
      into.set(bytes.subarray(offset, offset + into.byteLength));
      return Promise.resolve();
    },
  };
}

/** Devices as the volumes of a point. */
export function volumesOf(devices: readonly Uint8Array[]): NamedSource[] {
  return devices.map((bytes, index) => ({ id: `disk-${index}`, source: sourceOf(bytes) }));
}
