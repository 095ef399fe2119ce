import assert from 'node:assert/strict';
import { instantId, type ReplicaCapabilities } from '@sendense/core';
import { readRange } from '../block-device/block-access.ts';
import type { ConformanceCase } from '../case.ts';
import { expectBytes, expectCode } from '../expect.ts';
import type { ReplicaContext } from './replica-subject.ts';
import { expectInstant, expectMachine, moments, specOf, sync, syncedReplica } from './replica-work.ts';

type ReplicaCase = ConformanceCase<ReplicaContext, ReplicaCapabilities>;

const never = instantId('never-seen');

/** What is done with an instant that a replica holds: read, taken over, forgotten. */
export const instantCases: readonly ReplicaCase[] = [
  {
    name: 'opens each instant that it holds, with the bytes of that instant',
    clause: 'ReplicaOperations.open',
    requires: ({ readable }) => readable,
    inverse: {
      name: 'refuses to open an instant where replicas cannot be read',
      async run(context) {
        const { replica, history } = await syncedReplica(context, 1);
        const [{ id } = assert.fail()] = history;
        await expectCode(() => context.replicas.open(replica, id), 'UNSUPPORTED');
      },
    },
    async run(context) {
      const { replica, history } = await syncedReplica(context, 2);
      const { instants } = await context.replicas.status(replica);
      for (const moment of history.filter(({ id }) => instants.includes(id)))
        await expectInstant(context.replicas, replica, moment);
    },
  },
  {
    name: 'refuses to open an instant that it does not hold',
    clause: 'ReplicaOperations.open: reject an instant it does not hold with NOT_FOUND',
    requires: ({ readable }) => readable,
    async run(context) {
      const { replica } = await syncedReplica(context, 1);
      await expectCode(() => context.replicas.open(replica, never), 'NOT_FOUND');
      await expectCode(() => context.replicas.open(context.newReplica(), never), 'NOT_FOUND');
    },
  },
  {
    name: 'an open instant keeps its bytes while the replica goes on',
    clause: 'PointReader: a hold; invariant 11: an open reader keeps its bytes',
    requires: ({ readable, history }) => readable && history > 1,
    async run(context) {
      const { replica, history } = await syncedReplica(context, 1);
      const [first] = history;
      const next = moments(2)[1];
      assert.ok(first !== undefined && next !== undefined);
      const point = await context.replicas.open(replica, first.id);
      await sync(context.replicas, replica, first, next);
      const range = { offset: 0, length: 65_536 };
      for (const [number, { content }] of first.disks.entries()) {
        const { reader } = point.disks[number] ?? assert.fail();
        expectBytes(
          await readRange(reader, range),
          content.bytes(range),
          `disk ${number} of the open instant`,
        );
      }
      await point[Symbol.asyncDispose]();
    },
  },
  {
    name: 'adopts a machine as it is, and the next cycle sends only what changed',
    clause: 'ReplicaOperations.adopt: change none of them',
    requires: ({ adopt }) => adopt,
    inverse: {
      name: 'refuses to adopt where it does not offer that',
      async run({ replicas, addMachine }) {
        const [moment = assert.fail()] = moments(1);
        const machine = await addMachine(moment.disks.map(({ content }) => content));
        await expectCode(() => replicas.adopt(machine, moment.id), 'UNSUPPORTED');
      },
    },
    async run(context) {
      const [first, next] = moments(2);
      assert.ok(first !== undefined && next !== undefined);
      const machine = await context.addMachine(first.disks.map(({ content }) => content));
      const replica = await context.replicas.adopt(machine, first.id);
      assert.deepEqual(replica.machine, machine);
      assert.deepEqual((await context.replicas.status(replica)).instants, [first.id]);
      await expectMachine(context, machine, first);
      await sync(context.replicas, replica, first, next);
      await expectMachine(context, replica.machine, next);
      assert.equal(specOf(next).disks.length, next.disks.length);
    },
  },
  {
    name: 'retires the instants that are named and leaves the others as they are, also when repeated',
    clause: 'ReplicaOperations.retire: be idempotent; leave the other instants as they are',
    requires: ({ history }) => history > 1,
    async run(context) {
      const { replica, history } = await syncedReplica(context, 2);
      const [first, second] = history;
      assert.ok(first !== undefined && second !== undefined);
      await context.replicas.retire(replica, [first.id]);
      await context.replicas.retire(replica, [first.id, never]);
      assert.deepEqual((await context.replicas.status(replica)).instants, [second.id]);
      await expectMachine(context, replica.machine, second);
    },
  },
  {
    name: 'retires a whole replica without a trace, also when repeated',
    clause: 'ReplicaOperations.retire: `all`; be idempotent (invariant 10)',
    async run(context) {
      const before = await context.objects();
      const { replica } = await syncedReplica(context, 1);
      assert.notDeepEqual(await context.objects(), before);
      await context.replicas.retire(replica, 'all');
      await context.replicas.retire(replica, 'all');
      assert.deepEqual(await context.objects(), before);
      assert.deepEqual((await context.replicas.status(replica)).instants, []);
    },
  },
];
