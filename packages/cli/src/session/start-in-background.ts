import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { errorFromJson, SendenseError } from '@sendense/core';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { configFile } from '../config/locations.ts';
import type { CommonOptions } from '../program/common-flags.ts';
import type { Session } from './session.ts';

/** A verb that goes on in a process of its own once it has printed its first line. */
export type BackgroundVerb = {
  /** Its words and flags, without those that all verbs have. */
  readonly args: readonly string[];
  /** Takes what it logs. */
  readonly logFile: string;
};

/**
 * Starts this command line once more, as a process that outlives this one; what its first line told. Rejects with the error that it told
 * instead, `TIMEOUT` where it ended without a word.
 */
export async function startInBackground(
  session: Session,
  options: CommonOptions,
  { args, logFile }: BackgroundVerb,
): Promise<{ readonly [key: string]: unknown }> {
  await nodeFileSystem.makeDirectory(dirname(logFile));
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
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
  });
  try {
    return toldBy(await Promise.race([firstLine(stdout), failed]), logFile);
  } finally {
    stdout.destroy();
    child.unref();
  }
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
