import type { JobRequest } from '@sendense/catalog';
import { jobId } from '@sendense/core';
import { createEngine, type Engine } from '@sendense/engine';
import { createProcessFence, isHolderAlive } from '@sendense/plugin-kit';
import { createProgressView } from '../output/create-progress-view.ts';
import { asSendenseError } from '../output/error-report.ts';
import type { Session } from './session.ts';

/** Time between two looks whether somebody asked to cancel a job. */
const CANCEL_EVERY_MS = 500;

/** An engine on the catalog of the session, whose jobs are recorded and shown. */
export async function openEngine(
  session: Session,
  request: Omit<JobRequest, 'holder'>,
  { isShown = true }: { /** Progress is shown on standard error. */ readonly isShown?: boolean } = {},
): Promise<Engine> {
  const catalog = await session.catalog();
  const fence = createProcessFence();
  await catalog.jobs.closeAbandoned(isHolderAlive);
  const engine = createEngine({
    journal: catalog.journal,
    services: await session.services(),
    fence,
    isHolderAlive,
  });
  const recording = session.own(catalog.jobs.record(engine.events, { ...request, holder: fence.holder }));
  session.own({
    [Symbol.asyncDispose]: () =>
      recording.settled().catch((error: unknown) => warn(session, 'the job is not in the catalog', error)),
  });
  if (isShown) showProgress(session, engine);
  obeyCancel(session, engine);
  return engine;
}

function warn(session: Session, message: string, error: unknown): void {
  session.log({ level: 'warn', message, fields: { error: asSendenseError(error, 'record-job').message } });
}

function showProgress(session: Session, engine: Engine): void {
  const view = createProgressView(session.host);
  engine.events.on('disk-progress', (event) => view.update(event));
  session.own({ [Symbol.asyncDispose]: () => Promise.resolve(view.end()) });
}

/** Passes wishes of `jobs cancel` on to the engine. */
function obeyCancel(session: Session, engine: Engine): void {
  const running = new Set<string>();
  engine.events.on('job-start', (event) => running.add(event.jobId));
  engine.events.on('job-end', (event) => running.delete(event.jobId));
  const look = async () => {
    const { jobs } = await session.catalog();
    for (const id of running) if (await jobs.cancelRequested(id)) engine.cancel(jobId(id));
  };
  const timer = setInterval(() => {
    look().catch((error: unknown) => warn(session, 'cannot look for cancelled jobs', error));
  }, CANCEL_EVERY_MS);
  timer.unref();
  session.own({ [Symbol.asyncDispose]: () => Promise.resolve(clearInterval(timer)) });
}
