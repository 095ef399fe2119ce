import { type Call, throwIfAborted } from '@sendense/core';
import type { ChainMap } from './chain-map.ts';
import type { DataFile } from './data-file.ts';
import type { Piece } from './piece.ts';
import { readStored } from './read-stored.ts';

/** How many file reads and decompressions of one call are under way at once. */
const READS_AT_ONCE = 8;

type Segment = { readonly file: DataFile; readonly hostOffset: number; readonly start: number; end: number };

/** Fills `into` with the guest bytes at `offset`: one file read for each stretch that lies together in one file. */
export async function readChain(map: ChainMap, offset: number, into: Uint8Array, call?: Call): Promise<void> {
  const reads = new BoundedReads();
  try {
    await planReads(map, offset, into, reads, call);
  } finally {
    // Nothing may write into the caller's buffer after this call has settled.
    await reads.settled();
  }
  reads.throwFirst();
}

async function planReads(
  map: ChainMap,
  offset: number,
  into: Uint8Array,
  reads: BoundedReads,
  call: Call | undefined,
): Promise<void> {
  let segment: Segment | undefined;
  const submit = async (done: Segment | undefined) => {
    if (done === undefined) return;
    const target = into.subarray(done.start - offset, done.end - offset);
    await reads.add(() => readStored(done.file, target, done.hostOffset));
  };
  for await (const piece of map.read({ offset, length: into.byteLength })) {
    throwIfAborted(call?.signal, 'read-image');
    const at = piece.offset + piece.length;
    if (segment !== undefined && continues(segment, piece)) {
      segment.end = at;
      continue;
    }
    await submit(segment);
    segment = undefined;
    const target = into.subarray(piece.offset - offset, at - offset);
    if (piece.kind === 'zero') target.fill(0);
    else if (piece.kind === 'compressed') await reads.add(() => inflate(piece, target));
    else segment = { file: piece.file, hostOffset: piece.hostOffset, start: piece.offset, end: at };
  }
  await submit(segment);
}

function continues(segment: Segment, piece: Piece): boolean {
  return (
    piece.kind === 'data' &&
    piece.file === segment.file &&
    piece.hostOffset === segment.hostOffset + segment.end - segment.start
  );
}

async function inflate(piece: Extract<Piece, { kind: 'compressed' }>, target: Uint8Array): Promise<void> {
  const cluster = await piece.layer.decompress(piece.run);
  const from = piece.offset - piece.run.start;
  target.set(cluster.subarray(from, from + piece.length));
}

class BoundedReads {
  readonly #running = new Set<Promise<void>>();
  #failed: { readonly error: unknown } | undefined;

  async add(start: () => Promise<void>): Promise<void> {
    while (this.#running.size >= READS_AT_ONCE) await Promise.race(this.#running);
    this.throwFirst();
    const running: Promise<void> = start()
      .catch((error: unknown) => {
        this.#failed ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  throwFirst(): void {
    if (this.#failed !== undefined) throw this.#failed.error;
  }
}
