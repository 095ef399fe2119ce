import type { FileOperation } from './memory-file-system.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What a drive writes wholly or not at all, in bytes. */
const ATOMIC_BYTES = 512;

/** A content that a file may have after a power failure. */
export type PowerCut = {
  readonly bytes: Uint8Array;
  /** Operations that were begun before: what had been promised after these must be there. */
  readonly begunOperations: number;
};

/**
 * The contents that a file may have when the power fails: everything before a sync is there, and of what follows it any part.
 * Between two syncs these are tried: every prefix, everything but one operation, one operation alone, and `seeded` random sets
 * of sectors.
 */
export function* powerCuts(
  operations: readonly FileOperation[],
  random: SeededRandom,
  seeded: number,
): Generator<PowerCut> {
  const durable = new FileImage();
  let pending: FileOperation[] = [];
  for (const [index, operation] of [...operations, { kind: 'sync' } as const].entries()) {
    if (operation.kind !== 'sync') {
      pending.push(operation);
      continue;
    }
    for (const kept of setsOf(pending, random, seeded))
      yield { bytes: durable.with(kept), begunOperations: index };
    durable.apply(pending);
    pending = [];
  }
  yield { bytes: durable.with([]), begunOperations: operations.length };
}

function* setsOf(
  pending: readonly FileOperation[],
  random: SeededRandom,
  seeded: number,
): Generator<readonly FileOperation[]> {
  for (let count = 0; count < pending.length; count += 1) {
    yield pending.slice(0, count);
    yield pending.filter((_, index) => index !== count);
    yield pending.filter((_, index) => index === count);
  }
  const sectors = pending.flatMap(sectorsOf);
  for (let set = 0; set < seeded && sectors.length > 0; set += 1) {
    // few are lost, many, or nearly all
    const kept = random.below(9) + 1;
    yield sectors.filter(() => random.below(10) < kept);
  }
}

/** A write in the pieces that reach the drive each by itself. */
function sectorsOf(operation: FileOperation): readonly FileOperation[] {
  if (operation.kind !== 'write') return [operation];
  const { position, data } = operation;
  const pieces: FileOperation[] = [];
  for (let from = 0; from < data.byteLength; ) {
    const end = Math.min(data.byteLength, from + ATOMIC_BYTES - ((position + from) % ATOMIC_BYTES));
    pieces.push({ kind: 'write', position: position + from, data: data.subarray(from, end) });
    from = end;
  }
  return pieces;
}

/** The content of a file in one buffer that is copied once for each state. */
class FileImage {
  #bytes: Uint8Array = new Uint8Array();

  apply(operations: readonly FileOperation[]): void {
    this.#bytes = this.with(operations);
  }

  with(operations: readonly FileOperation[]): Uint8Array {
    const most = Math.max(this.#bytes.byteLength, ...operations.map(endOf));
    const bytes = new Uint8Array(most);
    bytes.set(this.#bytes);
    let size = this.#bytes.byteLength;
    for (const operation of operations) {
      if (operation.kind === 'write') bytes.set(operation.data, operation.position);
      if (operation.kind === 'truncate') bytes.fill(0, Math.min(size, operation.sizeBytes), size);
      size = operation.kind === 'truncate' ? operation.sizeBytes : Math.max(size, endOf(operation));
    }
    return bytes.subarray(0, size);
  }
}

function endOf(operation: FileOperation): number {
  if (operation.kind === 'write') return operation.position + operation.data.byteLength;
  return operation.kind === 'truncate' ? operation.sizeBytes : 0;
}
