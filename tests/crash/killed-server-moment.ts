import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { run } from '../../packages/file-mount/test/support/program.ts';
import { restsOf } from '../../packages/file-mount/test/support/rests.ts';

/** When a program stops: before it does its work, or when that is done and nobody was told yet. */
export type Moment = 'before' | 'after';

/** A program of the system that stops at a moment. */
export type StoppingProgram = {
  /** For the environment of whoever is to start it. */
  readonly PATH: string;
  /** Resolves when it was started and has stopped. */
  stopped(): Promise<void>;
  /** Lets it go on, and resolves when it has ended. */
  goOn(): Promise<void>;
};

/** Long for a test; one that failed leaves no program behind for longer. */
const MOST_SECONDS = 60;

/** Puts a script in the place of a program, in a folder that is made for it. */
export async function stoppingProgram(
  folder: string,
  program: string,
  moment: Moment,
): Promise<StoppingProgram> {
  const [reached, go] = [path.join(folder, 'reached'), path.join(folder, 'go')];
  await mkdir(folder);
  run('mkfifo', [go]);
  const stop = `: > '${reached}'; timeout ${MOST_SECONDS} cat '${go}'`;
  const work = `PATH=/usr/sbin:/usr/bin:/sbin:/bin ${program} "$@"; code=$?`;
  const steps = moment === 'before' ? [stop, work] : [work, stop];
  await writeFile(path.join(folder, program), ['#!/bin/sh', ...steps, 'exit $code', ''].join('\n'));
  await chmod(path.join(folder, program), 0o755);
  const patience = { interval: 5, timeout: MOST_SECONDS * 1000 };
  return {
    PATH: `${folder}:${process.env.PATH ?? ''}`,
    stopped: () => expect.poll(() => existsSync(reached), patience).toBe(true),
    async goOn() {
      await writeFile(go, ''); // opened once the program reads it
      await expect.poll(() => restsOf(folder), patience).toEqual([]);
    },
  };
}
