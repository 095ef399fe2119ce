import { join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { callService, type ReloadReport } from '@sendense/nbd-service';
import { systemTimer, type Timer } from '@sendense/plugin-kit';
import type { CommonOptions } from '../program/common-flags.ts';
import { exportOptions } from './export-place.ts';
import type { Session } from './session.ts';
import { startInBackground } from './start-in-background.ts';

/** How often a service that ends or begins is asked again, and for how long, in milliseconds. */
const AGAIN_MS = 50;
const PATIENCE_MS = 30_000;

/**
 * Makes the service read its folder again. Where none runs, one is started in the background, which ends when nothing is left to serve;
 * what it logs goes to `service.log` in its folder.
 */
export async function reloadOrStart(
  session: Session,
  options: CommonOptions,
  timer: Timer = systemTimer,
): Promise<ReloadReport> {
  const { directory } = exportOptions(session);
  for (const endMs = timer.monotonicMs() + PATIENCE_MS; ; ) {
    const report = await whereRunning(callService(directory, 'reload', session.call));
    if (report !== undefined) return report;
    if (await isStarted(session, options)) continue;
    if (timer.monotonicMs() > endMs) throw noAnswer(directory);
    // another one begins, or ends: it holds the folder and does not answer
    await timer.sleep(AGAIN_MS, session.stop.signal);
  }
}

/** What a service answers; `undefined` where none runs, or one that ends. */
export async function whereRunning(answer: Promise<ReloadReport>): Promise<ReloadReport | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (SendenseError.is(error) && ['NOT_FOUND', 'NOT_OPEN', 'CONNECTION_LOST'].includes(error.code))
      return undefined;
    throw error;
  }
}

/** Whether it serves now; `false` when another one holds the folder. Rejects with what kept it from starting. */
async function isStarted(session: Session, options: CommonOptions): Promise<boolean> {
  const args = ['export', 'serve', '--until-empty'];
  try {
    await startInBackground(session, options, {
      args,
      logFile: join(exportOptions(session).directory, 'service.log'),
    });
    return true;
  } catch (error) {
    if (SendenseError.is(error, 'LOCKED')) return false;
    throw error;
  }
}

function noAnswer(directory: string): SendenseError {
  return new SendenseError('TIMEOUT', 'the NBD service did not come up', {
    operation: 'start-nbd-service',
    context: { directory },
    remedy: `look into ${join(directory, 'service.log')}, or run "sendense-ctl export serve" to see why`,
  });
}
