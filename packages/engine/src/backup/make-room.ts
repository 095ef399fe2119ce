import type { BackupRun } from './backup-run.ts';
import { chooseBaselines, neededBaselines } from './baselines.ts';
import type { FreezeOrder } from './freeze-machine.ts';
import { ASSUMED_OTHERS, retireStates, type StreamStanding, writeStates } from './recover-stream.ts';

/**
 * Retires, before the capture, the baselines that this run does not start from, where those of other streams leave no room
 * for a new one beside them: another stream may have come since the last run. Without a new baseline the next delta would
 * start from an old one, or be a full again.
 */
export async function makeRoom(
  run: BackupRun,
  standing: StreamStanding,
  order: FreezeOrder,
): Promise<StreamStanding> {
  const { held, history } = standing;
  if (held.length < 2) return standing;
  const plan = await run.source.plan(
    {
      id: order.captureId,
      machine: run.request.machine,
      stream: run.stream,
      since: order.since,
      disks: { exclude: [...order.excluded.keys()] },
      consistency: { want: 'crash', accept: 'crash' },
    },
    { signal: run.job.signal },
  );
  const { otherBaselines = ASSUMED_OTHERS } = plan;
  if (held.length + 1 <= run.source.capabilities.baselinesPerMachine - otherBaselines) return standing;
  const used = chooseBaselines(history, held, run.type);
  const needed = neededBaselines({
    sealed: null,
    disks: plan.disks.map(({ id }) => id),
    lastFull: undefined,
    older: used.length > 0 ? used : held,
  });
  const needless = held.filter((state) => !needed.includes(state));
  if (!(await retireStates(run, needless))) return standing;
  await writeStates(run, standing.record, needed);
  return { ...standing, held: needed };
}
