import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import { expectCode } from '../expect.ts';
import { abortedBeforeCases, abortedDuringCases } from '../traits/aborted.ts';
import { closedCases } from '../traits/closed.ts';
import type { Method } from '../traits/method.ts';
import { keepOf, requestOf } from './capture-work.ts';
import type { SourceContext } from './source-subject.ts';

const methods: readonly Method<SourceContext>[] = [
  { name: 'machines', call: ({ source }, call) => source.machines(undefined, call) },
  { name: 'describe', call: ({ source, machine }, call) => source.describe(machine, call) },
  { name: 'plan', call: (context, call) => context.source.plan(requestOf(context), call) },
  {
    name: 'capture',
    async call(context, call) {
      const capture = await context.source.capture(requestOf(context), call);
      await capture[Symbol.asyncDispose]();
    },
  },
  { name: 'retire', call: ({ source }, call) => source.retire([], call) },
  { name: 'reconcile', call: ({ source, owner }, call) => source.reconcile(keepOf(owner), call) },
];

const observe = (context: SourceContext): Promise<unknown> => context.objects();

/** The traits of every method of a source and of its captures. */
export const sourceTraitCases: readonly ConformanceCase<SourceContext>[] = [
  ...closedCases('SourceConnector', methods, ({ source }) => source[Symbol.asyncDispose]()),
  ...abortedBeforeCases('SourceConnector', methods, observe, assert.deepEqual),
  ...abortedDuringCases('SourceConnector', methods, observe, assert.deepEqual),
  {
    name: 'a disposed capture and its disks are closed',
    clause: 'Capture: a disposed handle is closed; DiskView.reader is closed with the capture',
    async run(context) {
      const capture = await context.source.capture(requestOf(context));
      await capture[Symbol.asyncDispose]();
      await capture[Symbol.asyncDispose]();
      await expectCode(() => capture.seal(), 'NOT_OPEN');
      await expectCode(() => capture.commit(), 'NOT_OPEN');
      for (const { reader } of capture.disks)
        await expectCode(() => reader.read(0, new Uint8Array(512)), 'NOT_OPEN');
    },
  },
  {
    name: 'captures two streams of one machine at once',
    clause: 'SourceConnector: calls may overlap',
    async run(context) {
      const before = await context.objects();
      const requests = ['stream-1', 'stream-2'].map((stream) =>
        requestOf(context, { stream: stream as never }),
      );
      const captures = await Promise.all(requests.map((request) => context.source.capture(request)));
      assert.notEqual(captures[0]?.instant.id, captures[1]?.instant.id);
      for (const capture of captures) await capture[Symbol.asyncDispose]();
      assert.deepEqual(await context.objects(), before);
    },
  },
];
