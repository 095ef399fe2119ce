import assert from 'node:assert/strict';
import {
  changeStateSchema,
  instantId,
  type ReplicaCapabilities,
  type ReplicaFork,
  type ReplicaRef,
} from '@sendense/core';
import { readRange } from '../block-device/block-access.ts';
import type { ConformanceCase } from '../case.ts';
import { expectBytes, expectCode } from '../expect.ts';
import type { ReplicaContext } from './replica-subject.ts';
import { diskOf, expectMachine, type Moment, moments, sync, syncedReplica } from './replica-work.ts';

type ReplicaCase = ConformanceCase<ReplicaContext, ReplicaCapabilities>;

const OPTIONS = { name: 'forked-1', network: 'isolated', options: null } as const;
const forks = ({ fork }: ReplicaCapabilities): boolean => fork;

async function forkOf(
  context: ReplicaContext,
): Promise<{ readonly fork: ReplicaFork; readonly replica: ReplicaRef; readonly moment: Moment }> {
  const { replica, history } = await syncedReplica(context, 1);
  const moment = history[0] ?? assert.fail();
  return { fork: await context.replicas.fork(replica, moment.id, OPTIONS), replica, moment };
}

/** Forks: isolated copies beside a replica that goes on. */
export const forkCases: readonly ReplicaCase[] = [
  {
    name: 'forks an instant with its bytes, and starts a machine of them',
    clause: 'ReplicaOperations.fork; ReplicaFork.start',
    requires: forks,
    inverse: {
      name: 'refuses to fork where it does not offer that',
      async run(context) {
        const { replica, history } = await syncedReplica(context, 1);
        const [{ id } = assert.fail()] = history;
        await expectCode(() => context.replicas.fork(replica, id, OPTIONS), 'UNSUPPORTED');
      },
    },
    async run(context) {
      const { fork, moment } = await forkOf(context);
      for (const [number, { content }] of moment.disks.entries()) {
        const disk = fork.disks.get(diskOf(number)) ?? assert.fail(`the fork has no disk ${number}`);
        expectBytes(await readRange(disk.reader), content.bytes(), `forked disk ${number}`);
      }
      const { machine } = await fork.start();
      await expectMachine(context, machine, moment);
      await fork[Symbol.asyncDispose]();
    },
  },
  {
    name: 'refuses to fork an instant that it does not hold',
    clause: 'ReplicaOperations.fork: of an instant that the replica holds',
    requires: forks,
    async run(context) {
      const { replica } = await syncedReplica(context, 1);
      await expectCode(() => context.replicas.fork(replica, instantId('never-seen'), OPTIONS), 'NOT_FOUND');
    },
  },
  {
    name: 'what is written to a fork is in its machine and not in the replica',
    clause: 'ReplicaOperations.fork: leave the replica unchanged; invariant 15',
    requires: forks,
    async run(context) {
      const { fork, replica, moment } = await forkOf(context);
      const { writer } = fork.disks.get(diskOf(0)) ?? assert.fail();
      const data = new Uint8Array(65_536).fill(5);
      await writer.write(0, data);
      await writer.flush();
      const { machine } = await fork.start();
      const reader = await context.disk(machine, 0);
      expectBytes(await readRange(reader, { offset: 0, length: 65_536 }), data, 'the fixed-up fork');
      await reader[Symbol.asyncDispose]();
      await expectMachine(context, replica.machine, moment);
      await fork[Symbol.asyncDispose]();
    },
  },
  {
    name: 'the replica goes on syncing beside a fork',
    clause: 'ReplicaOperations.fork: leave the replica syncing',
    requires: forks,
    async run(context) {
      const { fork, replica, moment } = await forkOf(context);
      const { machine } = await fork.start();
      const next = moments(2)[1] ?? assert.fail();
      await sync(context.replicas, replica, moment, next);
      await expectMachine(context, replica.machine, next);
      await expectMachine(context, machine, moment);
      await fork[Symbol.asyncDispose]();
    },
  },
  {
    name: 'a disposed fork is gone, and one that is kept stays',
    clause: 'ReplicaFork: dispose deletes it; keep: from now on not ours to delete',
    requires: forks,
    async run(context) {
      const { fork, replica, moment } = await forkOf(context);
      const before = await context.objects();
      await fork.start();
      await fork[Symbol.asyncDispose]();
      assert.deepEqual(await context.objects(), before, 'a disposed fork leaves nothing');
      const other = await context.replicas.fork(replica, moment.id, OPTIONS);
      const { machine } = await other.start();
      await other.keep();
      await other[Symbol.asyncDispose]();
      await expectMachine(context, machine, moment);
      await expectCode(() => other.start(), 'NOT_OPEN');
    },
  },
  {
    name: 'a started fork gives the baseline of the reverse delta, of this instant',
    clause:
      'ReplicaFork.start: `state` is the baseline of the reverse delta; ReplicaCapabilities.reverseState',
    requires: ({ fork, reverseState }) => fork && reverseState,
    inverse: {
      name: 'a started fork gives no baseline that it cannot have',
      async run(context) {
        if (!context.capabilities.fork) return;
        const { fork } = await forkOf(context);
        assert.equal((await fork.start()).state, null);
        await fork[Symbol.asyncDispose]();
      },
    },
    async run(context) {
      const { fork, moment } = await forkOf(context);
      const { state, machine } = await fork.start();
      assert.ok(state !== null, 'the state is missing');
      assert.deepEqual([state.instant, state.machine], [moment.id, machine]);
      assert.equal(state.disks.length, moment.disks.length);
      assert.deepEqual(changeStateSchema.parse(JSON.parse(JSON.stringify(state))), state);
      await fork[Symbol.asyncDispose]();
    },
  },
];
