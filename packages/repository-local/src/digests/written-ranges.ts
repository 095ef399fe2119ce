import { join } from 'node:path';
import type { ByteRange } from '@sendense/core';
import type { DiskFileSidecar } from '../records/sidecar.ts';
import type { LocalStore } from '../store/local-store.ts';
import { CLUSTER_BYTES } from './digest-page.ts';
import { DigestReader } from './digest-reader.ts';

/** Opens the digest file beside a data file. */
export function openDigestReader(
  store: LocalStore,
  folder: string,
  { digests, sizeBytes }: DiskFileSidecar,
): Promise<DigestReader> {
  return DigestReader.open(
    { ...digests, path: join(folder, digests.file), sizeBytes },
    store.fileSystem,
    store.blake3,
  );
}

/** The ranges that data files wrote, each file's ascending, all merged into one ascending, disjoint line. */
export async function* writtenRanges(
  store: LocalStore,
  folder: string,
  files: readonly DiskFileSidecar[],
): AsyncGenerator<ByteRange> {
  const walks = files.map((file) => rangesOf(store, folder, file));
  const heads: (ByteRange | undefined)[] = [];
  try {
    for (const walk of walks) heads.push(await nextOf(walk));
    let last: ByteRange | undefined;
    for (let index = earliest(heads); index >= 0; index = earliest(heads)) {
      const range = heads[index] as ByteRange;
      heads[index] = await nextOf(walks[index] as AsyncGenerator<ByteRange>);
      if (last !== undefined && range.offset <= last.offset + last.length) {
        const end = Math.max(last.offset + last.length, range.offset + range.length);
        last = { offset: last.offset, length: end - last.offset };
        continue;
      }
      if (last !== undefined) yield last;
      last = range;
    }
    if (last !== undefined) yield last;
  } finally {
    for (const walk of walks) await walk.return(undefined);
  }
}

async function* rangesOf(
  store: LocalStore,
  folder: string,
  file: DiskFileSidecar,
): AsyncGenerator<ByteRange> {
  await using reader = await openDigestReader(store, folder, file);
  for await (const { cluster, count } of reader.entries()) {
    const offset = cluster * CLUSTER_BYTES;
    yield { offset, length: Math.min(count * CLUSTER_BYTES, file.sizeBytes - offset) };
  }
}

async function nextOf(walk: AsyncGenerator<ByteRange>): Promise<ByteRange | undefined> {
  const next = await walk.next();
  return next.done === true ? undefined : next.value;
}

function earliest(heads: readonly (ByteRange | undefined)[]): number {
  let found = -1;
  for (const [index, head] of heads.entries()) {
    if (head !== undefined && (found < 0 || head.offset < (heads[found]?.offset ?? 0))) found = index;
  }
  return found;
}
