import { type Call, type TransferRequest, type TransferResult, throwIfAborted } from '@sendense/core';
import { type Blake3Stream, createBlake3Stream } from '@sendense/plugin-kit/digest';
import { type Load, loadsOf, sourceRuns } from './load.ts';
import type { OpenEndpoint } from './open-endpoint.ts';
import { isDisjoint } from './packed-moves.ts';
import { createPageBuffers } from './page-buffers.ts';
import type { ProgressMeter } from './progress-meter.ts';
import { readExactly } from './read-exactly.ts';
import { Sink } from './sink.ts';
import type { TargetFile } from './target-file.ts';

/** A transfer whose files are open and whose moves are checked. */
export type TransferJob = {
  readonly request: TransferRequest;
  readonly from: readonly OpenEndpoint[];
  readonly to: OpenEndpoint;
  /** Writes to `to`. */
  readonly target: TargetFile;
  /** Whole zero pieces. */
  readonly bufferBytes: number;
  readonly progress: ProgressMeter;
};

/** Buffers of a transfer: one is read into, one digested, two are written. One write at a time leaves the destination idle. */
const BUFFERS = 4;

/** A buffer, and the writes out of it; `written` never rejects. */
type Slot = { readonly buffer: Uint8Array; written: Promise<void> };

/** A load that was read. A failure is kept until it is taken, so that a read ahead never rejects unobserved. */
type Filled = { readonly load: Load; readonly slot: Slot; readonly failure?: unknown };

async function fill(load: Load, slot: Slot): Promise<Filled> {
  await slot.written;
  try {
    for (const { from, source, at, length } of sourceRuns(load))
      await readExactly(from, slot.buffer.subarray(at, at + length), source);
    return { load, slot };
  } catch (failure) {
    return { load, slot, failure };
  }
}

/** Whether what is written depends on the order of reads and writes: moves inside one file, or over each other. */
function isOrdered({ request, from, to }: TransferJob): boolean {
  return from.some(({ identity }) => identity === to.identity) || !isDisjoint(request.moves);
}

function createSink({ request, target, progress }: TransferJob, hasher: Blake3Stream | undefined): Sink {
  return new Sink({
    request,
    hasher,
    write: (data, position) => target.write(data, position),
    written: (bytes) => progress.add(bytes),
  });
}

/**
 * Runs the moves in their order: while a buffer is digested the next is read and those before are written. Where the order
 * matters a part is written before the next is read. Settles only when neither a read nor a write is under way, so nothing
 * is written afterwards.
 */
export async function runTransfer(job: TransferJob, call?: Call): Promise<TransferResult> {
  const { request, from, bufferBytes } = job;
  const sink = createSink(job, request.digest ? await createBlake3Stream() : undefined);
  const ordered = isOrdered(job);
  const { pieceBytes } = request.zeros;
  const loads = loadsOf(request.moves, from, { bufferBytes, pieceBytes, gather: !ordered });
  const buffers = createPageBuffers(ordered ? 1 : BUFFERS, bufferBytes);
  const slots = buffers.map((buffer): Slot => ({ buffer, written: Promise.resolve() }));
  let taken = 0;
  const next = (): Promise<Filled> | undefined => {
    const { value: load } = loads.next();
    const slot = slots[taken % slots.length];
    taken += 1;
    return load && slot && fill(load, slot);
  };
  let reading = next();
  try {
    while (reading !== undefined) {
      const { load, slot, failure }: Filled = await reading;
      throwIfAborted(call?.signal, 'transfer');
      sink.check();
      if (failure !== undefined) throw failure;
      if (!ordered) reading = next();
      slot.written = sink.take(load, slot.buffer.subarray(0, load.length));
      if (ordered) reading = next();
    }
  } finally {
    await reading;
    for (const { written } of slots) await written;
  }
  throwIfAborted(call?.signal, 'transfer');
  sink.check();
  return sink.result();
}
