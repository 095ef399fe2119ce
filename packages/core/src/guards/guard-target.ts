import { SendenseError } from '../errors/sendense-error.ts';
import type { TargetCapabilities } from '../plugin/capabilities.ts';
import type { RestorePlan } from '../target/restore-plan.ts';
import type { RestoreRun, RestoreWriter } from '../target/restore-writer.ts';
import type { TargetConnector } from '../target/target-connector.ts';
import { checkArray, checkCapability, checkObject, checkText } from './check-arguments.ts';
import { Gate } from './gate.ts';
import { guardOnce } from './guard-once.ts';
import { guardWriters } from './guard-point.ts';
import { guardReaderWithin } from './guard-reader.ts';
import { guardReplicas } from './guard-replicas.ts';
import { checkFlushed } from './guard-writer.ts';

/** A target that receives only what `TargetConnector` promises it; its restores are guarded too. */
export const guardTarget = guardOnce<TargetConnector>((inner) => {
  const gate = new Gate('target');
  const { specificationVersion, platform, capabilities, replicas } = inner;
  return {
    specificationVersion,
    platform,
    capabilities,
    check: (request, call) =>
      gate.query(
        'check-restore',
        call,
        () => checkObject(request, 'request'),
        () => inner.check(request, call),
      ),
    begin: (plan, run, call) =>
      gate.open(
        'begin-restore',
        call,
        () => {
          checkPlan(plan, capabilities);
          checkRun(run, plan, capabilities);
        },
        async () => guardRestoreWriter(await inner.begin(plan, run, call)),
      ),
    ...(replicas && { replicas: guardReplicas(replicas, gate, capabilities.replica) }),
    reconcile: (keep, call) =>
      gate.effect(
        'reconcile-target',
        call,
        () => checkObject(keep, 'keep'),
        () => inner.reconcile(keep, call),
      ),
    [Symbol.asyncDispose]: () => gate.close(inner),
  };
});

/** A restore whose commit is refused while a disk has failed or has unflushed writes. */
export const guardRestoreWriter = guardOnce<RestoreWriter>((inner) => {
  const gate = new Gate('restore writer');
  const disks = guardWriters(inner.disks, gate);
  const readBack = inner.readBack?.bind(inner);
  return {
    disks,
    ...(readBack && {
      readBack: (disk, call) =>
        gate.open(
          'read-back',
          call,
          () => checkText(disk, 'disk', 'read-back'),
          async () => guardReaderWithin(await readBack(disk, call), gate),
        ),
    }),
    commit: (call) =>
      gate.effect(
        'commit-restore',
        call,
        () => checkFlushed(disks, 'commit-restore'),
        () => inner.commit(call),
      ),
    rollback: (call) => gate.effect('roll-back-restore', call, undefined, () => inner.rollback(call)),
    [Symbol.asyncDispose]: () => gate.close(inner),
  };
});

function checkPlan(plan: RestorePlan, capabilities: TargetCapabilities): void {
  checkObject(plan, 'plan');
  checkText(plan.id, 'plan.id', 'begin-restore');
  checkArray(plan.disks, 'plan.disks');
  checkCapability(capabilities.into.includes(plan.into), `into ${plan.into}`, 'target', 'begin-restore');
  const { sizeMultipleBytes, minDiskBytes, maxDiskBytes } = capabilities;
  for (const { id, sizeBytes, targetSizeBytes } of plan.disks) {
    const fits =
      targetSizeBytes >= Math.max(sizeBytes, minDiskBytes) &&
      targetSizeBytes <= maxDiskBytes &&
      targetSizeBytes % sizeMultipleBytes === 0;
    if (fits) continue;
    throw new SendenseError('UNSUPPORTED', `disk ${id} cannot have ${targetSizeBytes} bytes on this target`, {
      operation: 'begin-restore',
      context: { disk: id, targetSizeBytes, sizeMultipleBytes, minDiskBytes, maxDiskBytes },
      remedy: 'begin with the plan that check() gives',
    });
  }
}

function checkRun(run: RestoreRun, plan: RestorePlan, capabilities: TargetCapabilities): void {
  checkObject(run, 'run');
  checkObject(run.fence, 'run.fence');
  if (run.resume === undefined) return;
  checkCapability(capabilities.resume !== 'none', 'resume', 'target', 'begin-restore');
  if (run.resume.plan === plan.id) return;
  throw new SendenseError('CONFIG_INVALID', 'the state to resume belongs to another plan', {
    operation: 'begin-restore',
    context: { plan: plan.id, resumed: run.resume.plan },
  });
}
