import assert from 'node:assert/strict';
import { instantId, type ReplicaCapabilities } from '@sendense/core';
import { createTestFence } from '../../memory/test-fence.ts';
import type { ConformanceCase } from '../case.ts';
import { expectCode } from '../expect.ts';
import type { ReplicaContext } from './replica-subject.ts';
import { cycleOf, expectMachine, moments, send, sync, syncedReplica } from './replica-work.ts';

type ReplicaCase = ConformanceCase<ReplicaContext, ReplicaCapabilities>;

/** Cycles: applied whole or not at all, onto what they were made for. */
export const cycleCases: readonly ReplicaCase[] = [
  {
    name: 'a first cycle makes a replica with every byte of every disk',
    clause: 'ReplicaOperations.begin; ReplicaWriter.commit',
    async run(context) {
      const { replica, history } = await syncedReplica(context, 1);
      await expectMachine(context, replica.machine, history[0] ?? assert.fail());
      const status = await context.replicas.status(replica);
      assert.deepEqual(status, { replica, instants: [history[0]?.id], foreignWrites: false });
    },
  },
  {
    name: 'a further cycle sends what changed, and the rest is as in the instant before',
    clause: 'ReplicaWriter.disks: `untouched` is `base`: equal to `from`',
    async run(context) {
      const { replica, history } = await syncedReplica(context, 2);
      const newest = history[1] ?? assert.fail();
      await expectMachine(context, replica.machine, newest);
      const writer = await context.replicas.begin(
        cycleOf(replica, newest, moments(3)[2] ?? assert.fail()),
        createTestFence(),
      );
      for (const disk of writer.disks.values()) assert.equal(disk.untouched, 'base');
      await writer[Symbol.asyncDispose]();
    },
  },
  {
    name: 'the status tells the instants that are there, the newest last, to every process',
    clause: 'ReplicaOperations.status: tell the truth of the platform, not of a record',
    async run(context) {
      const { replica, history } = await syncedReplica(context, 2);
      const { instants } = await (await context.reopen()).status(replica);
      assert.equal(instants.at(-1), history[1]?.id);
      assert.equal(instants.length, Math.min(2, context.capabilities.history));
    },
  },
  {
    name: 'keeps as many instants as it declares, and no more',
    clause: 'ReplicaCapabilities.history',
    async run(context) {
      const { history: kept } = context.capabilities;
      const { replica, history } = await syncedReplica(context, Math.min(kept, 8) + 1);
      const { instants } = await context.replicas.status(replica);
      assert.deepEqual(
        instants,
        history.slice(-Math.min(kept, history.length)).map(({ id }) => id),
      );
    },
  },
  {
    name: 'refuses a cycle from an instant that the replica does not hold, and a second first one',
    clause: 'ReplicaOperations.begin: reject with CONFLICT unless the replica holds `from` (invariant 1)',
    async run(context) {
      const { replica, history } = await syncedReplica(context, 1);
      const [to] = moments(3).slice(-1);
      assert.ok(to !== undefined);
      const missing = { ...to, id: instantId('never-seen') };
      const begin = (from: typeof missing | null, of = replica) =>
        context.replicas.begin(cycleOf(of, from, to), createTestFence());
      await expectCode(() => begin(missing), 'CONFLICT');
      await expectCode(() => begin(null), 'CONFLICT');
      await expectCode(() => begin(history[0] ?? assert.fail(), context.newReplica()), 'CONFLICT');
      await expectMachine(context, replica.machine, history[0] ?? assert.fail());
    },
  },
  {
    name: 'a cycle that is given up leaves the instant before, promotable, and nothing else',
    clause: 'ReplicaWriter: after dispose or a crash `from` is still there and can be promoted',
    async run(context) {
      const { replica, history } = await syncedReplica(context, 1);
      const [from] = history;
      const to = moments(2)[1];
      assert.ok(from !== undefined && to !== undefined);
      const before = await context.objects();
      const writer = await context.replicas.begin(cycleOf(replica, from, to), createTestFence());
      await send(writer, to);
      await expectMachine(context, replica.machine, from);
      await writer[Symbol.asyncDispose]();
      await writer[Symbol.asyncDispose]();
      assert.deepEqual((await context.replicas.status(replica)).instants, [from.id]);
      await expectMachine(context, replica.machine, from);
      assert.deepEqual(await context.objects(), before);
    },
  },
  {
    name: 'a cycle whose process died is begun again by another, from the same instant',
    clause: 'ReplicaOperations.begin: keep `from` whole until `commit`; invariant 10',
    async run(context) {
      const { replica, history } = await syncedReplica(context, 1);
      const [from] = history;
      const to = moments(2)[1];
      assert.ok(from !== undefined && to !== undefined);
      // not disposed: that is what a dead process leaves
      await send(await context.replicas.begin(cycleOf(replica, from, to), createTestFence()), to);
      const later = await context.reopen();
      assert.deepEqual((await later.status(replica)).instants, [from.id]);
      await sync(later, replica, from, to);
      await expectMachine(context, replica.machine, to);
    },
  },
  {
    name: 'a repeated commit of a cycle gives the same status',
    clause: 'ReplicaWriter.commit: succeed when repeated (invariant 10)',
    async run(context) {
      const { replica, history } = await syncedReplica(context, 1);
      const [from] = history;
      const to = moments(2)[1];
      assert.ok(from !== undefined && to !== undefined);
      const writer = await context.replicas.begin(cycleOf(replica, from, to), createTestFence());
      await send(writer, to);
      const first = await writer.commit();
      assert.deepEqual(await writer.commit(), first);
      await writer[Symbol.asyncDispose]();
      await expectMachine(context, replica.machine, to);
    },
  },
  {
    name: 'commits no cycle when the lease is lost',
    clause: 'Fence: FENCED when the lease is lost; ReplicaWriter.commit: be atomic',
    async run(context) {
      const { replica, history } = await syncedReplica(context, 1);
      const [from] = history;
      const to = moments(2)[1];
      assert.ok(from !== undefined && to !== undefined);
      const fence = createTestFence();
      const writer = await context.replicas.begin(cycleOf(replica, from, to), fence);
      await send(writer, to);
      fence.lose();
      await expectCode(() => writer.commit(), 'FENCED');
      await writer[Symbol.asyncDispose]();
      assert.deepEqual((await context.replicas.status(replica)).instants, [from.id]);
      await expectMachine(context, replica.machine, from);
    },
  },
  {
    name: 'tells that somebody else wrote to the replica',
    clause: 'ReplicaOperations.status: report foreign writes',
    async run(context) {
      const { replica } = await syncedReplica(context, 1);
      await context.foreignWrite(replica.machine, 12_288, new Uint8Array(512).fill(9));
      assert.equal((await context.replicas.status(replica)).foreignWrites, true);
      assert.equal((await (await context.reopen()).status(replica)).foreignWrites, true);
    },
  },
  {
    name: 'a cycle after somebody else wrote to the replica gives exactly the new instant',
    clause: 'invariant 1: a delta is applied only to a disk that equals the first',
    async run(context) {
      const { replica, history } = await syncedReplica(context, 1);
      const to = moments(2)[1] ?? assert.fail();
      await context.foreignWrite(replica.machine, 524_288, new Uint8Array(4096).fill(9));
      await sync(context.replicas, replica, history[0] ?? assert.fail(), to);
      await expectMachine(context, replica.machine, to);
      assert.equal((await context.replicas.status(replica)).foreignWrites, false);
    },
  },
];
