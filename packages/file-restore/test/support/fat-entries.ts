const ENTRY_BYTES = 32;
const DELETED = 0xe5;
const CHAIN_END = 0x0fff_ffff;

/** The tables and clusters of a FAT32 file system with clusters of a sector. */
class Fat32 {
  readonly bytes: Buffer;
  readonly #fatsAt: readonly number[];
  readonly #dataAt: number;
  readonly rootCluster: number;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    const [first, fatBytes] = [bytes.readUInt16LE(14) * 512, bytes.readUInt32LE(36) * 512];
    this.#fatsAt = [first, first + fatBytes];
    this.#dataAt = first + 2 * fatBytes;
    this.rootCluster = bytes.readUInt32LE(44);
  }

  chain(first: number): number[] {
    const chain: number[] = [];
    for (let at = first; at < 0x0fff_fff8; at = this.bytes.readUInt32LE((this.#fatsAt[0] ?? 0) + at * 4))
      chain.push(at);
    return chain;
  }

  /** The bytes of a cluster, not copied. */
  cluster(number: number): Buffer {
    const at = this.#dataAt + (number - 2) * 512;
    return this.bytes.subarray(at, at + 512);
  }

  /** Entries of a folder up to its end, not copied. */
  entries(first: number): Buffer[] {
    const all = this.chain(first).flatMap((number) =>
      Array.from({ length: 512 / ENTRY_BYTES }, (_, index) =>
        this.cluster(number).subarray(index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES),
      ),
    );
    const end = all.findIndex((entry) => entry[0] === 0);
    return end === -1 ? all : all.slice(0, end);
  }

  link(cluster: number, next: number): void {
    for (const at of this.#fatsAt) this.bytes.writeUInt32LE(next, at + cluster * 4);
  }
}

/** Moves the entries of all `folders` of the root, which have no long names, into the first one, and deletes the others. */
export function joinFolders(bytes: Buffer, folders: readonly string[]): void {
  const disk = new Fat32(bytes);
  const root = disk.entries(disk.rootCluster);
  const places = folders.map((name) => {
    const entry = root.find((one) => one.toString('latin1', 0, 11) === name.padEnd(11));
    if (entry === undefined) throw new Error(`the root has no ${name}`);
    return { entry, first: entry.readUInt16LE(20) * 65_536 + entry.readUInt16LE(26) };
  });
  const joined = places.flatMap(({ first }, index) =>
    disk
      .entries(first)
      .slice(index === 0 ? 0 : 2)
      .map((entry) => Buffer.from(entry)),
  );
  const clusters = places.flatMap(({ first }) => disk.chain(first));
  const kept = Math.ceil((joined.length * ENTRY_BYTES) / 512);
  for (const [index, cluster] of clusters.entries()) {
    disk.cluster(cluster).fill(0);
    disk.link(
      cluster,
      index >= kept ? 0 : index === kept - 1 ? CHAIN_END : (clusters[index + 1] ?? CHAIN_END),
    );
  }
  for (const [index, entry] of joined.entries()) {
    const at = index * ENTRY_BYTES;
    disk.cluster(clusters[Math.floor(at / 512)] ?? 0).set(entry, at % 512);
  }
  for (const { entry } of places.slice(1)) entry[0] = DELETED;
}
