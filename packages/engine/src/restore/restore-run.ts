import type { Repository, TargetConnector } from '@sendense/core';
import type { Job } from '../events/job.ts';
import type { EngineContext } from '../jobs/engine-context.ts';
import { toSendenseError } from '../jobs/to-sendense-error.ts';
import type { JournalRecord } from '../journal/journal-record.ts';
import {
  RESTORE_STEPS,
  type RestoreRecord,
  type RestoreStep,
  type RestoreStepName,
} from '../journal/restore-record.ts';
import type { RestoreRunOptions } from './restore-request.ts';

/** What all steps of one restore share. */
export type RestoreRunContext = {
  readonly context: EngineContext;
  readonly job: Job;
  readonly repository: Repository;
  readonly target: TargetConnector;
  readonly options: RestoreRunOptions;
  readonly record: JournalRecord<RestoreRecord>;
};

/** The steps of a restore that has not begun. */
export function pendingSteps(): RestoreStep[] {
  return RESTORE_STEPS.map((name) => ({
    name,
    state: 'pending',
    error: null,
    startedAt: null,
    endedAt: null,
  }));
}

/** The record of the restore; it exists from the first moment of the job. */
export function restoreRecord(run: RestoreRunContext): RestoreRecord {
  const { value } = run.record;
  if (value === undefined) throw new TypeError('the restore is not journalled yet');
  return value;
}

/** Writes a change of the record. */
export function amendRecord(run: RestoreRunContext, change: Partial<RestoreRecord>): Promise<void> {
  const updatedAt = run.context.clock.now().toISOString();
  return run.record.write({ ...restoreRecord(run), ...change, updatedAt });
}

/** What of a step is written. */
type StepChange = Partial<Omit<RestoreStep, 'name'>>;

/** Writes a change of one step, and of the record with it. */
export function amendStep(
  run: RestoreRunContext,
  name: RestoreStepName,
  change: StepChange,
  also: Partial<RestoreRecord> = {},
): Promise<void> {
  const steps = restoreRecord(run).steps.map((step) => (step.name === name ? { ...step, ...change } : step));
  return amendRecord(run, { ...also, steps });
}

/** Whether a step was finished by this or an earlier attempt. */
export function isStepDone(run: RestoreRunContext, name: RestoreStepName): boolean {
  const step = restoreRecord(run).steps.find((one) => one.name === name);
  return step?.state === 'completed' || step?.state === 'skipped';
}

/** Runs a step between its journal entries; a failure is kept with the step as the error's JSON. */
export async function runStep<T>(
  run: RestoreRunContext,
  name: RestoreStepName,
  body: () => Promise<T>,
  also: (result: T) => Partial<RestoreRecord> = () => ({}),
): Promise<T> {
  const now = (): string => run.context.clock.now().toISOString();
  return run.job.step(name, async () => {
    await amendStep(run, name, { state: 'running', error: null, startedAt: now(), endedAt: null });
    try {
      const result = await body();
      await amendStep(run, name, { state: 'completed', endedAt: now() }, also(result));
      return result;
    } catch (thrown) {
      const error = toSendenseError(thrown, name, run.job.signal);
      await amendStep(run, name, { state: 'failed', error: error.toJSON(), endedAt: now() }).catch(
        (failure) =>
          run.job.log('error', 'the failure of a step could not be journalled', {
            step: name,
            error: String(failure),
          }),
      );
      throw error;
    }
  });
}
