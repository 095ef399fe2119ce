import { seededBytes } from '../../seeded.ts';
import type { ConformanceCase } from '../case.ts';
import { abortDuring, expectBytes, expectCode, quiet, settle } from '../expect.ts';
import { abortedBeforeCases, abortedDuringCases } from '../traits/aborted.ts';
import { closedCases } from '../traits/closed.ts';
import type { Method } from '../traits/method.ts';
import { aligned } from './block-access.ts';
import type { BlockWriterContext } from './block-writer-subject.ts';

const cell = ({ writer }: BlockWriterContext) => aligned(writer, { offset: 0, length: 1 });

const methods: readonly Method<BlockWriterContext>[] = [
  {
    name: 'write',
    call: (context, call) => context.writer.write(0, seededBytes(31, cell(context).length), call),
  },
  { name: 'zero', call: (context, call) => context.writer.zero(0, cell(context).length, call) },
  { name: 'flush', call: ({ writer }, call) => writer.flush(call) },
];

const observe = ({ stored }: BlockWriterContext): Promise<unknown> => stored();

const equal = (actual: unknown, expected: unknown): void =>
  expectBytes(actual as Uint8Array, expected as Uint8Array, 'the destination');

/** The traits of every method of a writer, and what it does after it was given up or failed. */
export const writerTraitCases: readonly ConformanceCase<BlockWriterContext>[] = [
  ...closedCases('BlockWriter', methods, ({ writer }) => writer[Symbol.asyncDispose]()),
  ...abortedBeforeCases('BlockWriter', methods, observe, equal),
  ...abortedDuringCases('BlockWriter', methods, observe, equal),
  {
    name: 'writes nothing more after it was disposed in the middle of a write',
    clause: 'AsyncDisposable: dispose is "give up", never "finish"; invariant 9',
    async run(context) {
      const { writer, stored } = context;
      const writing = settle(() => writer.write(0, seededBytes(32, cell(context).length)));
      await writer[Symbol.asyncDispose]();
      await writing;
      const settled = await stored();
      await quiet();
      expectBytes(await stored(), settled, 'the destination');
    },
  },
  {
    name: 'only disposes after one failed write',
    clause: 'BlockWriter.write: reject everything after a failure (invariant 8)',
    async run(context) {
      const { writer } = context;
      const data = seededBytes(33, cell(context).length);
      const outcome = await abortDuring((call) => writer.write(0, data, call));
      if (outcome === 'done') return;
      await expectCode(() => writer.flush(), 'NOT_OPEN', 'ABORTED');
      await writer[Symbol.asyncDispose]();
    },
  },
];
