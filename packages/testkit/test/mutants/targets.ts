import assert from 'node:assert/strict';
import type { RestoreWriter, TargetConnector } from '@sendense/core';
import {
  createMemoryTarget,
  createTestFence,
  MemoryHypervisor,
  memoryTargetCapabilities,
  openMemoryReader,
  overlay,
  type Runner,
  targetConformance,
} from '../../src/index.ts';
import type { Mutant } from './mutant.ts';

type Change = (target: TargetConnector, hypervisor: MemoryHypervisor) => TargetConnector;

/** Changes the writer of every restore. */
const writing =
  (change: (writer: RestoreWriter, hypervisor: MemoryHypervisor) => RestoreWriter): Change =>
  (target, hypervisor) =>
    overlay(target, { begin: async (...given) => change(await target.begin(...given), hypervisor) });

const reconciled =
  'removes what a dead process left, and nothing that is kept, young, finished or not the owner`s';

export const targetMutants: readonly Mutant<Change>[] = [
  {
    breaks: 'makes something for a check',
    caughtBy: 'checks a request without writing anything',
    change: (target, hypervisor) =>
      overlay(target, {
        async check(request, call) {
          hypervisor.restored.set('checked', { plan: 'checked' as never, owner: 'sendense' });
          return await target.check(request, call);
        },
      }),
  },
  {
    breaks: 'loses a property in silence',
    caughtBy: 'gives every property of the machine an outcome',
    change: (target) =>
      overlay(target, {
        async check(request, call) {
          const report = await target.check(request, call);
          return { ...report, properties: report.properties.filter(({ property }) => property !== 'nics') };
        },
      }),
  },
  {
    breaks: 'gives a plan for what is incompatible',
    caughtBy: 'finds a way of restoring that it does not offer incompatible, and refuses to begin it',
    change: (target) =>
      overlay(target, { check: (request, call) => target.check({ ...request, into: 'disks-only' }, call) }),
  },
  {
    breaks: 'gives each plan the same id',
    caughtBy: 'gives a plan that survives JSON, fits its capabilities and names every disk',
    change: (target) =>
      overlay(target, {
        async check(request, call) {
          const report = await target.check(request, call);
          return { ...report, plan: report.plan === null ? null : { ...report.plan, id: 'plan' as never } };
        },
      }),
  },
  {
    breaks: 'overwrites without being asked',
    caughtBy: 'refuses a destination that is there, before it writes',
    change: (target) =>
      overlay(target, { begin: (plan, run, call) => target.begin({ ...plan, overwrite: true }, run, call) }),
  },
  {
    breaks: 'removes what it is to overwrite before the commit',
    caughtBy: 'keeps what it is to overwrite until the commit',
    change: (target, hypervisor) =>
      overlay(target, {
        async begin(plan, run, call) {
          if (plan.overwrite) hypervisor.machines.clear();
          return await target.begin(plan, run, call);
        },
      }),
  },
  {
    breaks: 'rolls back what is not the plan`s',
    caughtBy: 'leaves what it was to overwrite as it was when it is rolled back',
    change: writing((writer, hypervisor) =>
      overlay(writer, {
        async rollback(call) {
          hypervisor.machines.clear();
          return await writer.rollback(call);
        },
      }),
    ),
  },
  {
    breaks: 'rolls back nothing',
    caughtBy: 'removes all of a restore that is rolled back, and is harmless when repeated',
    change: writing((writer) =>
      overlay(writer, { rollback: async () => ({ removed: [], findings: [], undone: true }) }),
    ),
  },
  {
    breaks: 'finds nothing to undo, and fails with that',
    caughtBy: 'rolls back what nothing is left of',
    change: (target) =>
      overlay(target, {
        begin(plan, { resume, ...run }, call) {
          const save: typeof run.save = (state) => run.save(state);
          return target.begin(plan, { fence: run.fence, save, ...(resume && { resume }) }, call);
        },
      }),
  },
  {
    breaks: 'says that a restore stays which it removed',
    caughtBy: 'says that a complete restore is undone when nothing of it is left, and only then',
    change: writing((writer) =>
      overlay(writer, { rollback: async (call) => ({ ...(await writer.rollback(call)), undone: false }) }),
    ),
  },
  {
    breaks: 'makes volumes before the journal knows of them',
    caughtBy: 'saves its state before it makes anything',
    change: (target) =>
      overlay(target, {
        async begin(plan, run, call) {
          const writer = await target.begin(plan, { ...run, save: async () => undefined }, call);
          await run.save({ schema: 'memory-target/1', plan: plan.id, data: null });
          return writer;
        },
      }),
  },
  {
    breaks: 'calls durable what was never flushed',
    caughtBy: 'goes on from the saved state after the process died, and keeps what was durable',
    change: writing((writer) =>
      overlay(writer, {
        disks: new Map(
          [...writer.disks].map(([id, disk]) => [
            id,
            overlay(disk, {
              async *durable() {
                yield { offset: 0, length: disk.sizeBytes };
              },
            }),
          ]),
        ),
      }),
    ),
  },
  {
    breaks: 'starts again from nothing when it is resumed',
    caughtBy: 'goes on from the saved state after the process died, and keeps what was durable',
    change: writing((writer) =>
      overlay(writer, {
        disks: new Map([...writer.disks].map(([id, disk]) => [id, overlay(disk, { durable: undefined })])),
      }),
    ),
  },
  {
    breaks: 'refuses a repeated commit',
    caughtBy: 'gives the same result when commit is repeated',
    change: writing((writer) => {
      let done = false;
      return overlay(writer, {
        async commit(call) {
          if (done) throw new Error('already committed');
          done = true;
          return await writer.commit(call);
        },
      });
    }),
  },
  {
    breaks: 'commits after the lease is lost',
    caughtBy: 'commits nothing when the lease is lost',
    change: (target) =>
      overlay(target, {
        begin: (plan, run, call) => target.begin(plan, { ...run, fence: createTestFence() }, call),
      }),
  },
  {
    breaks: 'reads back something else than the destination',
    caughtBy: 'reads back from the destination what was flushed, before it is committed',
    change: writing((writer, hypervisor) =>
      overlay(writer, {
        async readBack() {
          return openMemoryReader(
            hypervisor
              .addMachine({ name: 'empty', disks: [1_114_112] })
              .disk()
              .freeze(),
          );
        },
      }),
    ),
  },
  {
    breaks: 'reads back some disk for one that is not there',
    caughtBy: 'refuses to read back a disk that is not part of the restore',
    change: writing((writer) =>
      overlay(writer, {
        readBack: async (_, call) =>
          (await writer.readBack?.('disk-0' as never, call)) ?? assert.fail('no reading back'),
      }),
    ),
  },
  {
    breaks: 'declares reading back and does not have it',
    caughtBy: 'reads back from the destination what was flushed, before it is committed',
    change: writing((writer) => overlay(writer, { readBack: undefined })),
  },
  {
    breaks: 'offers smaller disks than planned',
    caughtBy: 'offers disks as large as planned, in the order it declares',
    change: writing((writer) =>
      overlay(writer, {
        disks: new Map(
          [...writer.disks].map(([id, disk]) => [id, overlay(disk, { sizeBytes: disk.sizeBytes - 4096 })]),
        ),
      }),
    ),
  },
  {
    breaks: 'removes a restore that is kept',
    caughtBy: reconciled,
    change: (target) =>
      overlay(target, { reconcile: (keep, call) => target.reconcile({ ...keep, restores: [] }, call) }),
  },
  {
    breaks: 'removes finished restores',
    caughtBy: reconciled,
    change: (target, hypervisor) =>
      overlay(target, {
        async reconcile(keep, call) {
          if (hypervisor.restored.size > 0) hypervisor.machines.clear();
          return await target.reconcile(keep, call);
        },
      }),
  },
];

export function registerTarget(runner: Runner, change: Change): void {
  targetConformance(runner, {
    name: 'mutant',
    capabilities: memoryTargetCapabilities,
    owner: 'sendense',
    async open() {
      const hypervisor = new MemoryHypervisor();
      const open = () => change(createMemoryTarget({ hypervisor }), hypervisor);
      return {
        target: open(),
        options: null,
        restored: async ({ machine }, number) =>
          openMemoryReader(
            hypervisor
              .machine(machine ?? assert.fail('no machine'))
              .disk(number)
              .freeze(),
          ),
        reopen: async () => open(),
        objects: async () => hypervisor.objects(),
      };
    },
  });
}
