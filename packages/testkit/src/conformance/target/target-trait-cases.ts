import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import { expectCode } from '../expect.ts';
import { abortedBeforeCases, abortedDuringCases } from '../traits/aborted.ts';
import { closedCases } from '../traits/closed.ts';
import type { Method } from '../traits/method.ts';
import { keepRestores, planOf, restoreRequest, runOf } from './restore-work.ts';
import type { TargetContext } from './target-subject.ts';

const check: Method<TargetContext> = {
  name: 'check',
  call: (context, call) => context.target.check(restoreRequest(context), call),
};

const reconcile: Method<TargetContext> = {
  name: 'reconcile',
  call: ({ target, owner }, call) => target.reconcile(keepRestores(owner), call),
};

const observe = (context: TargetContext): Promise<unknown> => context.objects();

/** The traits of every method of a target and of its restores. */
export const targetTraitCases: readonly ConformanceCase<TargetContext>[] = [
  ...closedCases('TargetConnector', [check, reconcile], ({ target }) => target[Symbol.asyncDispose]()),
  ...abortedBeforeCases('TargetConnector', [check, reconcile], observe, assert.deepEqual),
  ...abortedDuringCases('TargetConnector', [check, reconcile], observe, assert.deepEqual),
  {
    name: 'TargetConnector.begin with an aborted signal rejects with ABORTED and makes nothing',
    clause: 'Call.signal: nothing is written after the rejection',
    async run(context) {
      const plan = await planOf(context);
      const before = await context.objects();
      await expectCode(() => context.target.begin(plan, runOf(), { signal: AbortSignal.abort() }), 'ABORTED');
      assert.deepEqual(await context.objects(), before);
    },
  },
  {
    name: 'a disposed restore and its disks are closed, and its destination is let go of',
    clause: 'RestoreWriter: a disposed handle is closed',
    async run(context) {
      const writer = await context.target.begin(await planOf(context), runOf());
      await writer[Symbol.asyncDispose]();
      await writer[Symbol.asyncDispose]();
      await expectCode(() => writer.commit(), 'NOT_OPEN');
      await expectCode(() => writer.rollback(), 'NOT_OPEN');
      for (const disk of writer.disks.values()) await expectCode(() => disk.flush(), 'NOT_OPEN');
    },
  },
];
