import { join } from 'node:path';
import type { Blake3 } from '@sendense/plugin-kit/digest';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { type DiskFileSidecar, isAlias, type Sidecar } from '../records/sidecar.ts';
import { CLUSTER_BYTES } from './digest-page.ts';
import { DigestReader } from './digest-reader.ts';

/** What is known of a cluster, and the cluster up to which the same kind of answer holds. */
export type KnownCluster =
  | { readonly kind: 'data'; readonly digest: Uint8Array; readonly end: number }
  | { readonly kind: 'zero' | 'unknown'; readonly end: number };

type Layer = { readonly sizeBytes: number; readonly reader: DigestReader };

/** The digests of a disk of a point, resolved through its chain. Memory: a few pages for each file. */
export class ChainDigests implements AsyncDisposable {
  readonly #layers: readonly Layer[];
  readonly #sizeBytes: number;

  private constructor(layers: readonly Layer[], sizeBytes: number) {
    this.#layers = layers;
    this.#sizeBytes = sizeBytes;
  }

  /** Opens the digest files of `chain`, top first. Rejects with `CORRUPT` or `NOT_FOUND` naming the file. */
  static async open(
    chain: readonly Sidecar[],
    folder: string,
    fileSystem: FileSystem,
    blake3: Blake3,
  ): Promise<ChainDigests> {
    const layers: Layer[] = [];
    const files = chain.filter((sidecar): sidecar is DiskFileSidecar => !isAlias(sidecar));
    try {
      for (const { digests, sizeBytes } of files) {
        const file = { ...digests, path: join(folder, digests.file), sizeBytes };
        layers.push({ sizeBytes, reader: await DigestReader.open(file, fileSystem, blake3) });
      }
    } catch (error) {
      await Promise.all(layers.map(({ reader }) => reader[Symbol.asyncDispose]()));
      throw error;
    }
    return new ChainDigests(layers, files[0]?.sizeBytes ?? 0);
  }

  /** What is known of a cluster. Fast when clusters ascend. */
  async at(cluster: number): Promise<KnownCluster> {
    let end = Math.ceil(this.#sizeBytes / CLUSTER_BYTES);
    for (const { sizeBytes, reader } of this.#layers) {
      const found = await reader.find(cluster);
      end = Math.min(end, found.end);
      if (found.entry?.kind === 'zero') return { kind: 'zero', end };
      if (found.entry === undefined) continue;
      // Digested at its length then; in a disk that has grown since it is longer.
      const isShort = (cluster + 1) * CLUSTER_BYTES > sizeBytes && sizeBytes < this.#sizeBytes;
      return isShort ? { kind: 'unknown', end } : { kind: 'data', digest: found.entry.digest, end };
    }
    return { kind: 'zero', end };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#layers.map(({ reader }) => reader[Symbol.asyncDispose]()));
  }
}
