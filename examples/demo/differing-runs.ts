import type { FileHandle } from 'node:fs/promises';

const BLOCK_BYTES = 64 * 1024;
const RUN_BYTES = 1024 * 1024;

/** A stretch of bytes that one file has and another of the same size does not. */
export type DifferingRun = { readonly offset: number; readonly bytes: Buffer };

/** The stretches, at most 1 MiB each, in which `after` differs from `before`; blocks of 64 KiB. */
export async function* differingRuns(before: FileHandle, after: FileHandle): AsyncGenerator<DifferingRun> {
  const { size } = await after.stat();
  const old = Buffer.alloc(RUN_BYTES);
  for (let offset = 0; offset < size; offset += RUN_BYTES) {
    const now = Buffer.alloc(Math.min(RUN_BYTES, size - offset));
    await before.read(old, 0, now.length, offset);
    await after.read(now, 0, now.length, offset);
    for (const [start, end] of differingBlocks(old.subarray(0, now.length), now))
      yield { offset: offset + start, bytes: now.subarray(start, end) };
  }
}

function* differingBlocks(old: Buffer, now: Buffer): Generator<[start: number, end: number]> {
  let start: number | undefined;
  for (let at = 0; at < now.length; at += BLOCK_BYTES) {
    const end = Math.min(at + BLOCK_BYTES, now.length);
    const differs = old.compare(now, at, end, at, end) !== 0;
    if (differs) start ??= at;
    if (start !== undefined && (!differs || end === now.length)) {
      yield [start, differs ? end : at];
      start = undefined;
    }
  }
}
