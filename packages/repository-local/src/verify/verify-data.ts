import { type BlockReader, type Call, throwIfAborted } from '@sendense/core';
import type { Blake3 } from '@sendense/plugin-kit/digest';
import { CLUSTER_BYTES, type DigestEntry } from '../digests/digest-page.ts';

const WINDOW_BYTES = 1024 * 1024;

/** Reads every cluster that a file wrote and yields the offsets of those that do not match their digest. */
export async function* findDamagedClusters(
  reader: Pick<BlockReader, 'read'>,
  sizeBytes: number,
  entries: AsyncIterable<DigestEntry>,
  blake3: Blake3,
  call: Call & { readonly onRead: (bytes: number) => void },
): AsyncGenerator<number> {
  const window = new Uint8Array(WINDOW_BYTES);
  for await (const run of windows(entries)) {
    throwIfAborted(call.signal, 'verify-points');
    const offset = (run[0]?.cluster ?? 0) * CLUSTER_BYTES;
    const bytes = window.subarray(0, Math.min(run.length * CLUSTER_BYTES, sizeBytes - offset));
    await reader.read(offset, bytes, call);
    call.onRead(bytes.byteLength);
    for (const [index, { digest }] of run.entries()) {
      const found = blake3(bytes.subarray(index * CLUSTER_BYTES, (index + 1) * CLUSTER_BYTES));
      if (Buffer.compare(found, digest) !== 0) yield offset + index * CLUSTER_BYTES;
    }
  }
}

type DataEntry = DigestEntry & { readonly kind: 'data' };

/** Neighbouring clusters with data, as many as fit the window. */
async function* windows(entries: AsyncIterable<DigestEntry>): AsyncGenerator<readonly DataEntry[]> {
  let run: DataEntry[] = [];
  for await (const entry of entries) {
    const last = run.at(-1);
    const continues = entry.kind === 'data' && last?.cluster === entry.cluster - 1;
    if (run.length > 0 && (!continues || run.length * CLUSTER_BYTES >= WINDOW_BYTES)) {
      yield run;
      run = [];
    }
    if (entry.kind === 'data') run.push(entry);
  }
  if (run.length > 0) yield run;
}
