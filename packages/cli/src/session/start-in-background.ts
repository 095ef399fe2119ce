import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { abortedError, errorFromJson, SendenseError } from '@sendense/core';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { configFile } from '../config/locations.ts';
import type { CommonOptions } from '../program/common-flags.ts';
import type { Session } from './session.ts';

const MOST_LOG_BYTES = 1024 * 1024;

/** A verb that goes on in a process of its own once it has printed its first line. */
export type BackgroundVerb = {
  /** Its words and flags, without those that all verbs have. */
  readonly args: readonly string[];
  /** Takes what it logs; the one before has `.1` behind its name. */
  readonly logFile: string;
};

/**
 * Starts this command line once more, as a process that outlives this one; what its first line told. Rejects with the error that it told
 * instead, `TIMEOUT` where it ended without a word, `ABORTED` when this one is to stop before: the other one is asked to end then.
 */
export async function startInBackground(
  session: Session,
  options: CommonOptions,
  { args, logFile }: BackgroundVerb,
): Promise<{ readonly [key: string]: unknown }> {
  await nodeFileSystem.makeDirectory(dirname(logFile));
  await setAside(logFile);
  await using log = await open(logFile, 'a', 0o600);
  const { program, workingDirectory, env } = session.host;
  const child = spawn(program.path, [...program.args, ...args, ...commonArguments(session, options)], {
    cwd: workingDirectory,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', log.fd],
  });
  const { stdout } = child;
  if (stdout === null) throw noAnswer(logFile);
  const { signal } = session.stop;
  const failed = Promise.withResolvers<never>();
  child.once('error', failed.reject);
  const stop = () => {
    child.kill('SIGTERM');
    failed.reject(abortedError('start-in-background', signal));
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return toldBy(await Promise.race([firstLine(stdout), failed.promise]), logFile);
  } finally {
    signal.removeEventListener('abort', stop);
    stdout.destroy();
    child.unref();
  }
}

/** A log that has grown goes to the side, instead of the one before. Processes that have it open go on with it. */
async function setAside(logFile: string): Promise<void> {
  const { sizeBytes = 0 } = (await nodeFileSystem.stat(logFile)) ?? {};
  if (sizeBytes > MOST_LOG_BYTES) await nodeFileSystem.rename(logFile, `${logFile}.1`);
}

function commonArguments(session: Session, { config, logLevel }: CommonOptions): string[] {
  const { path, named } = configFile(session.host, config);
  const configured = named ? ['--config', path] : [];
  return ['--json', '--state-dir', session.stateDirectory, ...configured, '--log-level', logLevel];
}

async function firstLine(stdout: NodeJS.ReadableStream): Promise<string | undefined> {
  for await (const line of createInterface({ input: stdout })) return line;
  return undefined;
}

function toldBy(line: string | undefined, logFile: string): { readonly [key: string]: unknown } {
  const told: unknown = line === undefined ? undefined : JSON.parse(line);
  if (typeof told !== 'object' || told === null) throw noAnswer(logFile);
  if (!('error' in told)) return { ...told };
  // the command line tells `null` where an error has no remedy
  const report = Object.entries(told.error ?? {}).filter(([, value]) => value !== null);
  throw errorFromJson(Object.fromEntries(report));
}

function noAnswer(logFile: string): SendenseError {
  return new SendenseError('TIMEOUT', 'the process in the background did not come up', {
    operation: 'start-in-background',
    context: { logFile },
    remedy: `look into ${logFile}`,
  });
}
