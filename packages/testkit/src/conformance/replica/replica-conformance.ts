import assert from 'node:assert/strict';
import { createTestFence } from '../../memory/test-fence.ts';
import { type Runner, registerCases } from '../case.ts';
import { expectCode } from '../expect.ts';
import { abortedBeforeCases } from '../traits/aborted.ts';
import { closedCases } from '../traits/closed.ts';
import type { Method } from '../traits/method.ts';
import { cycleCases } from './cycle-cases.ts';
import { forkCases } from './fork-cases.ts';
import { instantCases } from './instant-cases.ts';
import { openReplicaContext, type ReplicaContext, type ReplicaSubject } from './replica-subject.ts';
import { cycleOf, moments, syncedReplica } from './replica-work.ts';

const status: Method<ReplicaContext> = {
  name: 'status',
  call: ({ replicas, newReplica }, call) => replicas.status(newReplica(), call),
};

const retire: Method<ReplicaContext> = {
  name: 'retire',
  call: ({ replicas, newReplica }, call) => replicas.retire(newReplica(), 'all', call),
};

const begin: Method<ReplicaContext> = {
  name: 'begin',
  call: ({ replicas, newReplica }, call) =>
    replicas.begin(cycleOf(newReplica(), null, moments(1)[0] ?? assert.fail()), createTestFence(), call),
};

const methods = [status, retire, begin];
const observe = (context: ReplicaContext): Promise<unknown> => context.objects();

const traitCases = [
  ...closedCases('ReplicaOperations', methods, ({ target }: ReplicaContext) => target[Symbol.asyncDispose]()),
  ...abortedBeforeCases('ReplicaOperations', methods, observe, assert.deepEqual),
  {
    name: 'a disposed cycle and its disks are closed',
    clause: 'ReplicaWriter: a disposed handle is closed',
    async run(context: ReplicaContext) {
      const { replica, history } = await syncedReplica(context, 1);
      const to = moments(2)[1] ?? assert.fail();
      const cycle = cycleOf(replica, history[0] ?? assert.fail(), to);
      const writer = await context.replicas.begin(cycle, createTestFence());
      await writer[Symbol.asyncDispose]();
      await expectCode(() => writer.commit(), 'NOT_OPEN');
      for (const disk of writer.disks.values()) await expectCode(() => disk.flush(), 'NOT_OPEN');
    },
  },
];

/** The cases of everything that replicates, as data. */
export const replicaCases = [...cycleCases, ...instantCases, ...forkCases, ...traitCases];

/** Registers the cases of a target's replica operations with a test runner. */
export function replicaConformance(runner: Runner, subject: ReplicaSubject): void {
  const { name, capabilities } = subject;
  registerCases(runner, `${name}: replicas`, replicaCases, capabilities, () => openReplicaContext(subject));
}
