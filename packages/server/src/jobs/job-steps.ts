import { type JobView, jobEventSchemas } from '@sendense/api';
import type { JobRecord } from './job-record.ts';

/** The steps of a job that were begun, each as its latest event tells it, in the order in which they began first. */
export function stepsOf({ events }: Pick<JobRecord, 'events'>): JobView['steps'] {
  const steps = new Map<string, JobView['steps'][number]>();
  for (const { name, data } of events) {
    const told = name === 'step' ? jobEventSchemas.step.safeParse(data).data : undefined;
    if (told !== undefined) steps.set(told.step, { name: told.step, state: told.state, error: told.error });
  }
  return [...steps.values()];
}
