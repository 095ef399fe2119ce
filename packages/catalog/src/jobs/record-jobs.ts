import type { CatalogStore } from '../sqlite/catalog-store.ts';
import type { JobRequest } from './job.ts';
import type {
  JobEndEvent,
  JobEventSource,
  JobStartEvent,
  StepEndEvent,
  StepStartEvent,
} from './job-events.ts';
import { JobWriter } from './job-writer.ts';

/** Listens to an engine; dispose stops listening and waits for what is being written. */
export interface JobRecording extends AsyncDisposable {
  /** Resolves when every event so far is in the catalog. Rejects with the first error of writing one. */
  settled(): Promise<void>;
}

/** Writes the jobs that `events` tells of into the catalog, in their order. Listening never delays the engine. */
export function recordJobs(store: CatalogStore, events: JobEventSource, request: JobRequest): JobRecording {
  const writer = new JobWriter(store, request);
  const failures: unknown[] = [];
  let last: Promise<void> = Promise.resolve();
  const queue = (write: () => Promise<void>): void => {
    last = last.then(write).catch((error: unknown) => void failures.push(error));
  };
  const started = (event: JobStartEvent) => queue(() => writer.start(event));
  const ended = (event: JobEndEvent) => queue(() => writer.end(event));
  const stepStarted = (event: StepStartEvent) => queue(() => writer.startStep(event));
  const stepEnded = (event: StepEndEvent) => queue(() => writer.endStep(event));
  events.on('job-start', started);
  events.on('job-end', ended);
  events.on('step-start', stepStarted);
  events.on('step-end', stepEnded);
  return {
    async settled() {
      await last;
      if (failures.length > 0) throw failures[0];
    },
    async [Symbol.asyncDispose]() {
      events.off('job-start', started);
      events.off('job-end', ended);
      events.off('step-start', stepStarted);
      events.off('step-end', stepEnded);
      await last;
    },
  };
}
