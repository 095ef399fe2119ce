import { hash } from 'node:crypto';
import { createBLAKE2b, createCRC32, createXXHash64, type IHasher } from 'hash-wasm';
import { notSupported } from '../bytes/damage.ts';

/** The polynomial of CRC-32C (Castagnoli, RFC 3720), reflected. */
const CASTAGNOLI = 0x82f6_3b78;
/** After these bytes CRC-32C stands at `~1`, where btrfs begins the hash of a name. */
const BEFORE_NAME = Uint8Array.of(0x5a, 0xed, 0x0c, 0x9e);

/** The checksum that a file system uses; calls are synchronous. */
export type Checksum = {
  /** Its name, as `mkfs.btrfs --csum` has it. */
  readonly name: string;
  /** How many bytes of it are stored for each sector of data. */
  readonly bytes: number;
  /** The checksum of `data`, as it is stored. */
  readonly of: (data: Uint8Array) => Uint8Array;
};

/** By the number that a superblock gives. */
const KINDS: readonly (() => Promise<Checksum>)[] = [
  async () => numeric('crc32c', await createCRC32(CASTAGNOLI)),
  async () => numeric('xxhash64', await createXXHash64()),
  async () => ({ name: 'sha256', bytes: 32, of: (data) => hash('sha256', data, 'buffer') }),
  async () => {
    const hasher = await createBLAKE2b(256);
    return { name: 'blake2b', bytes: 32, of: (data) => hasher.init().update(data).digest('binary') };
  },
];

/** Whether a superblock may ask for this. */
export function isKnownChecksum(kind: number): boolean {
  return KINDS[kind] !== undefined;
}

/** The checksum of a number in a superblock. Rejects with `FORMAT_UNSUPPORTED` for a later one. */
export async function loadChecksum(kind: number): Promise<Checksum> {
  const load = KINDS[kind];
  if (load === undefined) throw notSupported(`btrfs has checksums of kind ${kind}, which is not known`);
  return load();
}

/** A number is stored with its lowest byte first. */
function numeric(name: string, hasher: IHasher): Checksum {
  const of = (data: Uint8Array) => hasher.init().update(data).digest('binary').toReversed();
  return { name, bytes: hasher.digestSize, of };
}

/** The hash that names are found by, in folders and for extents of many. */
export type NameHash = (name: Uint8Array) => number;

/** CRC-32C from `~1` on, not inverted at its end. */
export async function loadNameHash(): Promise<NameHash> {
  const hasher = await createCRC32(CASTAGNOLI);
  return (name) => {
    const digest = hasher.init().update(BEFORE_NAME).update(name).digest('binary');
    return ~new DataView(digest.buffer, digest.byteOffset).getUint32(0) >>> 0;
  };
}
