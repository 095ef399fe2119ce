import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { errorFromJson, SendenseError } from '@sendense/core';
import { callService, type ReloadReport } from '@sendense/nbd-service';
import { systemTimer, type Timer } from '@sendense/plugin-kit';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { configFile } from '../config/locations.ts';
import type { CommonOptions } from '../program/common-flags.ts';
import { exportOptions } from './export-place.ts';
import type { Session } from './session.ts';

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
    const isStarted = await startInBackground(session, options);
    if (isStarted) continue;
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
async function startInBackground(session: Session, options: CommonOptions): Promise<boolean> {
  const { directory } = exportOptions(session);
  await nodeFileSystem.makeDirectory(directory);
  await using log = await open(join(directory, 'service.log'), 'a', 0o600);
  const { path, args } = session.host.program;
  const child = spawn(path, [...args, ...serveArguments(session, options)], {
    cwd: session.host.workingDirectory,
    env: session.host.env,
    detached: true,
    stdio: ['ignore', 'pipe', log.fd],
  });
  const { stdout } = child;
  if (stdout === null) throw noAnswer(directory);
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
  });
  try {
    const line = await Promise.race([firstLine(stdout), failed]);
    return isServing(line, directory);
  } finally {
    stdout.destroy();
    child.unref();
  }
}

function serveArguments(session: Session, { config, logLevel }: CommonOptions): string[] {
  const { path, named } = configFile(session.host, config);
  const configured = named ? ['--config', path] : [];
  const state = ['--state-dir', session.stateDirectory];
  return ['export', 'serve', '--until-empty', '--json', ...state, ...configured, '--log-level', logLevel];
}

async function firstLine(stdout: NodeJS.ReadableStream): Promise<string | undefined> {
  for await (const line of createInterface({ input: stdout })) return line;
  return undefined;
}

function isServing(line: string | undefined, directory: string): boolean {
  const told: unknown = line === undefined ? undefined : JSON.parse(line);
  if (typeof told !== 'object' || told === null) throw noAnswer(directory);
  if (!('error' in told)) return true;
  // the command line tells `null` where an error has no remedy
  const report = Object.entries(told.error ?? {}).filter(([, value]) => value !== null);
  const error = errorFromJson(Object.fromEntries(report));
  if (error.code === 'LOCKED') return false;
  throw error;
}

function noAnswer(directory: string): SendenseError {
  return new SendenseError('TIMEOUT', 'the NBD service did not come up', {
    operation: 'start-nbd-service',
    context: { directory },
    remedy: `look into ${join(directory, 'service.log')}, or run "sendense-ctl export serve" to see why`,
  });
}
