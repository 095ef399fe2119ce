import {
  type DiskView,
  type PointReader,
  type RestoreInto,
  type RestorePlan,
  type RestoreRequest,
  SendenseError,
} from '@sendense/core';
import type { RestoreOrder } from '../journal/restore-order.ts';
import type { RestoreRunContext } from './restore-run.ts';
import { selectDisks } from './select-disks.ts';

/** Asks the target for a plan. Rejects with `INCOMPATIBLE`, naming every reason; losses become findings. */
export async function checkTarget(
  run: RestoreRunContext,
  reader: PointReader,
  order: RestoreOrder,
): Promise<RestorePlan> {
  const { target, job } = run;
  const report = await target.check(restoreRequest(run, reader, order), { signal: job.signal });
  if (!report.compatible || report.plan === null) {
    const reasons = report.findings
      .filter((finding) => finding.severity === 'error')
      .map(({ message }) => message);
    throw new SendenseError('INCOMPATIBLE', `the machine cannot be restored there: ${reasons.join('; ')}`, {
      operation: 'check-target',
      remedy: 'choose another target, or restore the disks only',
      context: { reasons },
    });
  }
  for (const finding of report.findings) job.report(finding);
  for (const { property, outcome, from, to } of report.properties) {
    if (outcome === 'kept') continue;
    const message =
      outcome === 'lost' ? `${property} is lost (was ${from})` : `${property}: ${from} becomes ${to}`;
    job.report({ severity: outcome === 'lost' ? 'warning' : 'info', code: `property-${outcome}`, message });
  }
  return report.plan;
}

function restoreRequest(run: RestoreRunContext, reader: PointReader, order: RestoreOrder): RestoreRequest {
  const numbers = new Map(reader.point.disks.map((disk) => [disk.id, disk.number]));
  const chosen = selectDisks(reader, order.disks ?? []);
  reportLeftOut(run, reader, chosen);
  return {
    spec: reader.point.spec,
    disks: chosen.map(({ id, slot, sizeBytes, sectorBytes }) => {
      return { id, number: numbers.get(id) ?? 0, slot, sizeBytes, sectorBytes };
    }),
    into: order.into ?? defaultInto(run),
    overwrite: order.overwrite ?? false,
    start: order.start ?? false,
    artifacts: reader.artifacts,
    options: order.options ?? {},
    ...(order.existing !== undefined && { existing: order.existing }),
  };
}

function defaultInto(run: RestoreRunContext): RestoreInto {
  const { into } = run.target.capabilities;
  return into.includes('new-machine') ? 'new-machine' : (into[0] ?? 'disks-only');
}

function reportLeftOut(run: RestoreRunContext, reader: PointReader, chosen: readonly DiskView[]): void {
  for (const { id } of reader.disks) {
    if (chosen.some((disk) => disk.id === id)) continue;
    run.job.report({
      severity: 'info',
      code: 'disk-skipped',
      message: `disk ${id} is not restored`,
      disk: id,
    });
  }
}
