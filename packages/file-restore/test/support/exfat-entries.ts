import type { ExfatBytes } from './exfat-image.ts';

const ENTRY_BYTES = 32;
/** The entry of a file, that of its data, and one of its name. */
const SET_BYTES = 3 * ENTRY_BYTES;
/** Far behind what mkfs.exfat allocates. */
const FIRST_CLUSTER = 1000;
/** May be allocated, and lies together. */
const TOGETHER = 3;
const ARCHIVE = 0x20;
/** A zone that is kept, of no distance to UTC. */
const UTC = 0x80;

/** A file of less than a cluster with a name of at most 15 characters. */
type SmallFile = {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly facts: { readonly mtimeNs: bigint };
};

/** Writes the entries and bytes of files into an empty folder of the root, as the specification of exFAT lays them out. */
export function fillFolder(disk: ExfatBytes, folder: string, files: readonly SmallFile[]): void {
  const { clusterBytes } = disk;
  const folderClusters = Math.ceil((files.length * SET_BYTES) / clusterBytes);
  const firstFile = FIRST_CLUSTER + folderClusters;
  for (const [index, file] of files.entries()) {
    const set = setOf(file, firstFile + index);
    disk.bytes.set(set, disk.clusterAt(FIRST_CLUSTER) + index * SET_BYTES);
    disk.bytes.set(file.bytes, disk.clusterAt(firstFile + index));
  }
  disk.allocate(FIRST_CLUSTER, folderClusters + files.length);
  disk.change(folder, (set) => {
    set.writeUInt8(TOGETHER, 33);
    set.writeUInt32LE(FIRST_CLUSTER, 52);
    for (const at of [40, 56]) set.writeBigUInt64LE(BigInt(folderClusters * clusterBytes), at);
  });
}

function setOf({ name, bytes, facts }: SmallFile, cluster: number): Buffer {
  const set = Buffer.alloc(SET_BYTES);
  set.set([0x85, 2]);
  set.writeUInt16LE(ARCHIVE, 4);
  for (const at of [8, 12, 16])
    set.writeUInt32LE(timestamp(new Date(Number(facts.mtimeNs / 1_000_000n))), at);
  set.fill(UTC, 22, 25);
  set.set([0xc0, TOGETHER, 0, name.length], ENTRY_BYTES);
  set.writeUInt16LE(sum16(Buffer.from(name.toUpperCase(), 'utf16le')), 36);
  for (const at of [40, 56]) set.writeBigUInt64LE(BigInt(bytes.byteLength), at);
  set.writeUInt32LE(cluster, 52);
  set[2 * ENTRY_BYTES] = 0xc1;
  set.write(name, 2 * ENTRY_BYTES + 2, 'utf16le');
  const unsigned = Buffer.concat([set.subarray(0, 2), set.subarray(4)]);
  set.writeUInt16LE(sum16(unsigned), 2);
  return set;
}

/** Pairs of seconds, minutes, hours, days, months, years since 1980. */
function timestamp(date: Date): number {
  const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
  return day * 65_536 + time;
}

function sum16(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => (((sum & 1) << 15) + (sum >> 1) + byte) & 0xffff, 0);
}
