import assert from 'node:assert/strict';
import { diskId, type TargetCapabilities } from '@sendense/core';
import type { ConformanceCase } from '../case.ts';
import { abortDuring, expectCode, quiet, settle } from '../expect.ts';
import {
  copyAll,
  expectRestored,
  FIRST_DISK_BYTES,
  keepRestores,
  planOf,
  RESTORED,
  restore,
  runOf,
} from './restore-work.ts';
import type { TargetContext } from './target-subject.ts';

type TargetCase = ConformanceCase<TargetContext, TargetCapabilities>;

const resumes = ({ resume }: TargetCapabilities): boolean => resume !== 'none';

/** One restore: written, verified, committed, repeated, given up, resumed, undone. */
export const restoreCases: readonly TargetCase[] = [
  {
    name: 'restores every byte of every disk',
    clause: 'TargetConnector.begin, RestoreWriter.commit',
    async run(context) {
      const plan = await planOf(context);
      const { result } = await restore(context.target, plan);
      assert.deepEqual(
        result.disks.map(({ id }) => id),
        plan.disks.map(({ id }) => id),
      );
      assert.equal(result.machine !== undefined, plan.into === 'new-machine');
      await expectRestored(context, result);
    },
  },
  {
    name: 'offers disks as large as planned, in the order it declares',
    clause: 'RestoreWriter.disks; TargetCapabilities.order',
    async run(context) {
      const plan = await planOf(context);
      const writer = await context.target.begin(plan, runOf());
      assert.deepEqual([...writer.disks.keys()].sort(), plan.disks.map(({ id }) => id).sort());
      for (const { id, targetSizeBytes } of plan.disks) {
        const disk = writer.disks.get(id) ?? assert.fail();
        assert.equal(disk.sizeBytes, targetSizeBytes);
        assert.equal(disk.limits.order, context.capabilities.order);
      }
      await writer.rollback();
      await writer[Symbol.asyncDispose]();
    },
  },

  {
    name: 'gives the same result when commit is repeated',
    clause: 'RestoreWriter.commit: succeed when repeated (invariant 10)',
    async run(context) {
      const writer = await context.target.begin(await planOf(context), runOf());
      await copyAll(writer);
      const first = await writer.commit();
      assert.deepEqual((await writer.commit()).disks, first.disks);
      await writer[Symbol.asyncDispose]();
      await expectRestored(context, first);
    },
  },
  {
    name: 'saves its state before it makes anything',
    clause: 'RestoreRun.save: awaited before and after each irreversible step (invariant 4)',
    async run(context) {
      const plan = await planOf(context);
      const before = await context.objects();
      const run = runOf();
      const failing = { ...run, save: () => Promise.reject(new Error('the journal is full')) };
      const begun = await settle(() => context.target.begin(plan, failing));
      if (begun.ok) await (begun.value as AsyncDisposable)[Symbol.asyncDispose]();
      assert.deepEqual(await context.objects(), before, 'nothing is made that the journal does not know');
    },
  },
  {
    name: 'refuses a destination that is there, before it writes',
    clause:
      'TargetConnector.begin: reject with ALREADY_EXISTS when the destination is there and `overwrite` is false',
    async run(context) {
      const again = await planOf(context);
      const { result } = await restore(context.target, await planOf(context));
      const before = await context.objects();
      await expectCode(() => restore(context.target, again), 'ALREADY_EXISTS');
      assert.deepEqual(await context.objects(), before);
      await expectRestored(context, result);
    },
  },
  {
    name: 'keeps what it is to overwrite until the commit',
    clause: 'RestorePlan.overwrite; invariant 11: replacing is create + atomic switch',
    async run(context) {
      const { result } = await restore(context.target, await planOf(context));
      const replacing = await context.target.begin(await planOf(context, { overwrite: true }), runOf());
      await copyAll(replacing);
      await expectRestored(context, result);
      const replaced = await replacing.commit();
      await replacing[Symbol.asyncDispose]();
      await expectRestored(context, replaced);
    },
  },
  {
    name: 'leaves what it was to overwrite as it was when it is rolled back',
    clause: 'RestoreWriter.rollback: remove everything the plan`s id names and nothing else',
    async run(context) {
      const { result } = await restore(context.target, await planOf(context));
      const before = await context.objects();
      const writer = await context.target.begin(await planOf(context, { overwrite: true }), runOf());
      await copyAll(writer);
      await writer.rollback();
      await writer[Symbol.asyncDispose]();
      assert.deepEqual(await context.objects(), before);
      await expectRestored(context, result);
    },
  },
  {
    name: 'removes all of a restore that is rolled back, and is harmless when repeated',
    clause: 'RestoreWriter.rollback (invariant 10)',
    async run(context) {
      const before = await context.objects();
      const writer = await context.target.begin(await planOf(context), runOf());
      await copyAll(writer);
      await writer.rollback();
      await writer.rollback();
      await writer[Symbol.asyncDispose]();
      assert.deepEqual(await context.objects(), before);
    },
  },
  {
    name: 'goes on from the saved state after the process died, and keeps what was durable',
    clause: 'RestoreWriter: dispose lets go: the saved state can still be resumed; BlockWriter.durable',
    requires: resumes,
    inverse: { name: 'refuses to resume with UNSUPPORTED', run: refusesResume },
    async run(context) {
      const plan = await planOf(context);
      const run = runOf();
      const writer = await context.target.begin(plan, run);
      const first = writer.disks.get(diskId('disk-0')) ?? assert.fail();
      const half =
        Math.floor(FIRST_DISK_BYTES / 2 / first.limits.alignmentBytes) * first.limits.alignmentBytes;
      const bytes = RESTORED[0]?.bytes({ offset: 0, length: half }) ?? assert.fail();
      const step = Math.min(first.limits.maxBytes, 65_536);
      for (let offset = 0; offset < half; offset += step) {
        await first.write(offset, bytes.subarray(offset, Math.min(half, offset + step)));
      }
      await first.flush();
      const target = await context.reopen();
      const later = await target.begin(plan, runOf(run));
      const sent = await copyAll(later);
      if (context.capabilities.resume === 'range')
        assert.ok(sent <= dataBehind(half), `${sent} bytes were sent again`);
      const result = await later.commit();
      await later[Symbol.asyncDispose]();
      await expectRestored(context, result);
    },
  },
  {
    name: 'finishes a restore whose process died in the commit',
    clause: 'RestoreWriter.commit: succeed when repeated; plan.id names everything it creates',
    requires: resumes,
    async run(context) {
      const plan = await planOf(context);
      const run = runOf();
      const { result } = await restore(context.target, plan, run);
      const target = await context.reopen();
      const later = await target.begin(plan, runOf(run));
      const again = await later.commit();
      await later[Symbol.asyncDispose]();
      assert.deepEqual(again.disks, result.disks);
      await expectRestored(context, again);
    },
  },
  {
    name: 'rolls back right after it was resumed',
    clause: 'RestoreWriter.rollback: also right after `begin(plan, {resume})`',
    requires: resumes,
    async run(context) {
      const before = await context.objects();
      const plan = await planOf(context);
      const run = runOf();
      const writer = await context.target.begin(plan, run);
      await copyAll(writer);
      const later = await (await context.reopen()).begin(plan, runOf(run));
      await later.rollback();
      await later[Symbol.asyncDispose]();
      assert.deepEqual(await context.objects(), before);
    },
  },
  {
    name: 'rolls back what nothing is left of',
    clause: 'TargetConnector.begin: with `run.undo` give a writer also when nothing is left to resume',
    requires: resumes,
    async run(context) {
      const before = await context.objects();
      const plan = await planOf(context);
      const run = runOf();
      const writer = await context.target.begin(plan, run);
      await writer.rollback();
      await writer[Symbol.asyncDispose]();
      const later = await (await context.reopen()).begin(plan, { ...runOf(run), undo: true });
      const { removed, undone } = await later.rollback();
      await later[Symbol.asyncDispose]();
      assert.deepEqual(removed, []);
      assert.equal(undone, true);
      assert.deepEqual(await context.objects(), before);
    },
  },
  {
    name: 'says that a complete restore is undone when nothing of it is left, and only then',
    clause: 'RollbackReport.undone',
    requires: resumes,
    async run(context) {
      const before = await context.objects();
      const plan = await planOf(context);
      const run = runOf();
      const { result } = await restore(context.target, plan, run);
      const later = await (await context.reopen()).begin(plan, { ...runOf(run), undo: true });
      const { removed, findings, undone } = await later.rollback();
      await later[Symbol.asyncDispose]();
      if (undone) return assert.deepEqual(await context.objects(), before);
      assert.deepEqual(removed, []);
      assert.notDeepEqual(findings, [], 'what stays is a finding');
      await expectRestored(context, result);
    },
  },
  {
    name: 'commits nothing when the lease is lost',
    clause: 'RestoreRun.fence: FENCED when the lease is lost',
    async run(context) {
      const run = runOf();
      const writer = await context.target.begin(await planOf(context), run);
      await copyAll(writer);
      run.fence.lose();
      await expectCode(() => writer.commit(), 'FENCED');
      await writer[Symbol.asyncDispose]();
    },
  },
  {
    name: 'writes nothing more after an aborted write has settled',
    clause: 'Call.signal: nothing is written after the rejection',
    async run(context) {
      const writer = await context.target.begin(await planOf(context), runOf());
      const disk = writer.disks.get(diskId('disk-0')) ?? assert.fail();
      await abortDuring((call) => disk.write(0, new Uint8Array(disk.limits.alignmentBytes).fill(7), call));
      const settled = await context.objects();
      await quiet();
      assert.deepEqual(await context.objects(), settled);
      await writer.rollback();
      await writer[Symbol.asyncDispose]();
    },
  },
  {
    name: 'removes what a dead process left, and nothing that is kept, young, finished or not the owner`s',
    clause:
      'TargetConnector.reconcile: remove the owner`s objects that `keep` does not name and nobody else`s',
    async run(context) {
      const plan = await planOf(context);
      const before = await context.objects();
      const writer = await context.target.begin(plan, runOf());
      await copyAll(writer);
      const littered = await context.objects();
      const target = await context.reopen();
      await target.reconcile(keepRestores(`not-${context.owner}`));
      await target.reconcile(keepRestores(context.owner, { restores: [plan.id] }));
      await target.reconcile(keepRestores(context.owner, { graceMs: 24 * 3_600_000 }));
      assert.deepEqual(await context.objects(), littered);
      await target.reconcile(keepRestores(context.owner));
      assert.deepEqual(await context.objects(), before);
      const { result } = await restore(target, await planOf({ ...context, target }));
      await target.reconcile(keepRestores(context.owner));
      await expectRestored(context, result);
    },
  },
];

/** Bytes of data of both disks without the first `done` of the first, and room for one widened end. */
function dataBehind(done: number): number {
  const extents = RESTORED.flatMap((content, number) => {
    const offset = number === 0 ? done : 0;
    return [...content.extents({ offset, length: content.sizeBytes - offset })];
  });
  const data = extents.filter(({ kind }) => kind === 'data');
  return data.reduce((sum, { length }) => sum + length, 65_536);
}

async function refusesResume(context: TargetContext): Promise<void> {
  const plan = await planOf(context);
  const run = runOf();
  await run.save({ schema: 'testkit/1', plan: plan.id, data: null });
  await expectCode(() => context.target.begin(plan, runOf(run)), 'UNSUPPORTED');
}
