import type { BlockWriter } from '../block/block-writer.ts';
import { throwIfAborted } from '../errors/aborted.ts';
import { SendenseError } from '../errors/sendense-error.ts';
import type { Call } from '../values/call.ts';
import {
  checkAccess,
  checkBytes,
  checkForward,
  checkIterable,
  checkMaximum,
  checkObject,
} from './check-arguments.ts';
import { Gate } from './gate.ts';
import { guardOnce } from './guard-once.ts';

/** What a commit needs to know of a disk's writer. */
class WriterState {
  failure: { readonly error: unknown } | undefined;
  /** How many calls changed the disk, and how many of them a flush has covered. */
  written = 0;
  flushed = 0;

  /** Throws `NOT_OPEN` after a failure. */
  check(operation: string): void {
    if (this.failure === undefined) return;
    throw new SendenseError('NOT_OPEN', 'an earlier write failed: this writer can only be disposed', {
      operation,
      cause: this.failure.error,
      remedy: 'repeat the job; the cause says what to repair first',
    });
  }

  /** Runs a call that changes the disk. Its failure, an abort too, is the last word. */
  async change<T>(operation: string, call: Call | undefined, run: () => Promise<T>): Promise<T> {
    try {
      const result = await run();
      throwIfAborted(call?.signal, operation);
      return result;
    } catch (error) {
      this.failure ??= { error };
      throw error;
    }
  }
}

type Place = (
  operation: string,
  call: Call | undefined,
  lengthOf: () => number,
  offset: number,
  run: () => Promise<void>,
) => Promise<void>;

/** Runs writes and zeros only where the contract allows them; a zero length resolves without reaching the plugin. */
function placement(inner: BlockWriter, gate: Gate, state: WriterState): Place {
  let position = 0;
  return (operation, call, lengthOf, offset, run) => {
    let length = 0;
    const check = (): void => {
      state.check(operation);
      length = lengthOf();
      checkAccess(offset, length, inner, operation);
      if (length === 0) return;
      if (inner.limits.order === 'ascending') {
        checkForward(offset, position, operation);
        position = offset + length;
      }
      state.written += 1;
    };
    return gate.query(operation, call, check, () =>
      length === 0 ? Promise.resolve() : state.change(operation, call, run),
    );
  };
}

/** The members that a writer may have, guarded where it has them. */
function guardOptional(
  inner: BlockWriter,
  gate: Gate,
  state: WriterState,
): Pick<BlockWriter, 'durable' | 'endpoint' | 'copyFrom'> {
  const durable = inner.durable?.bind(inner);
  const endpoint = inner.endpoint?.bind(inner);
  const copyFrom = inner.copyFrom?.bind(inner);
  return {
    ...(durable && {
      durable: (call) =>
        gate.iterate(
          'list-durable',
          call,
          () => state.check('list-durable'),
          () => durable(call),
        ),
    }),
    ...(endpoint && {
      endpoint: (call) =>
        gate.query(
          'name-endpoint',
          call,
          () => state.check('name-endpoint'),
          () => endpoint(call),
        ),
    }),
    ...(copyFrom && {
      copyFrom: (source, extents, options) =>
        gate.query(
          'copy-blocks',
          options,
          () => {
            state.check('copy-blocks');
            checkObject(source, 'source');
            checkIterable(extents, 'extents');
            state.written += 1;
          },
          () => state.change('copy-blocks', options, () => copyFrom(source, extents, options)),
        ),
    }),
  };
}

const states = new WeakMap<BlockWriter, WriterState>();

/** See {@link guardWriter}; inside a handle it is closed with it. */
export const guardWriterWithin = guardOnce<BlockWriter, Gate>((inner, parent) => {
  const gate = new Gate('writer', parent);
  const state = new WriterState();
  const { sizeBytes, limits, rewritable, untouched } = inner;
  const place = placement(inner, gate, state);
  const guard: BlockWriter = {
    sizeBytes,
    limits,
    rewritable,
    untouched,
    write(offset, data, call) {
      const lengthOf = (): number => {
        checkBytes(data, 'data');
        checkMaximum(data.byteLength, limits.maxBytes, 'write-blocks');
        return data.byteLength;
      };
      return place('write-blocks', call, lengthOf, offset, () => inner.write(offset, data, call));
    },
    zero: (offset, length, call) =>
      place(
        'zero-blocks',
        call,
        () => length,
        offset,
        () => inner.zero(offset, length, call),
      ),
    flush: (call) =>
      gate.query(
        'flush-blocks',
        call,
        () => state.check('flush-blocks'),
        async () => {
          const { written } = state;
          await state.change('flush-blocks', call, () => inner.flush(call));
          state.flushed = Math.max(state.flushed, written);
        },
      ),
    ...guardOptional(inner, gate, state),
    [Symbol.asyncDispose]: () => gate.close(inner),
  };
  states.set(guard, state);
  return guard;
});

/**
 * A writer that receives only what `BlockWriter` promises it: open, typed, inside the disk, aligned, within `maxBytes`,
 * forward where the order is `ascending`, never of zero length, and nothing after one failure (invariant 8).
 */
export function guardWriter(writer: BlockWriter): BlockWriter {
  return guardWriterWithin(writer);
}

/** Throws unless every byte given to the guarded writers is flushed: what a commit relies on. */
export function checkFlushed(disks: ReadonlyMap<string, BlockWriter>, operation: string): void {
  for (const [disk, writer] of disks) {
    const state = states.get(writer);
    if (state === undefined) continue;
    state.check(operation);
    if (state.written <= state.flushed) continue;
    throw new SendenseError('UNEXPECTED', `disk ${disk} has writes that were not flushed`, {
      operation,
      context: { disk },
      remedy: 'flush every disk writer before commit',
    });
  }
}
