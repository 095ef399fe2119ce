import { watchPeaks } from '@sendense/tests/process-memory';
import { execa } from 'execa';

/** How often the memory of a measured program is looked at; VmHWM only grows, so that only its last moments are missed. */
const LOOK_EVERY_MS = 20;

/** Characters of what a failed program printed that are shown. */
const MOST_OF_FAILURE = 400;

/** What a measured shell took. */
export type ShellRun = {
  /** From the start of the shell to its end. */
  readonly seconds: number;
  /** Time of processors that its programs took, in their own code and in the kernel for them. */
  readonly cpuSeconds: number;
  /** Sum of the peaks (VmHWM) of the programs that ran in it. */
  readonly peakBytes: number;
  readonly stdout: string;
};

/** Where and how a shell runs. */
export type ShellPlace = { readonly cwd: string; readonly env?: NodeJS.ProcessEnv };

/** Runs a script in a shell to its end and measures it; rejects with what it printed when it fails. */
export async function runShell(script: string, place: ShellPlace): Promise<ShellRun> {
  const begun = performance.now();
  const child = execa('/bin/sh', ['-c', `${script}\nstatus=$?; times; exit $status`], {
    ...place,
    stdin: 'ignore',
    maxBuffer: 2 ** 20,
    reject: false,
  });
  const peaks = watchPeaks(child.pid ?? 0, child, LOOK_EVERY_MS);
  const { stdout: printed, stderr, exitCode } = await child;
  const seconds = (performance.now() - begun) / 1000;
  if (exitCode !== 0) {
    const said = `${printed}\n${stderr}`.trim().slice(-MOST_OF_FAILURE);
    throw new Error(`${script} ended with ${exitCode}: ${said}`);
  }
  const lines = printed.split('\n');
  const stdout = lines.slice(0, -2).join('\n');
  const cpuSeconds = childSeconds(lines.at(-1) ?? '');
  const peakBytes = [...(await peaks).values()].reduce((sum, peak) => sum + peak, 0);
  return { seconds, cpuSeconds, peakBytes, stdout };
}

/** The second line that `times` of a POSIX shell prints: user and system time of all children, as `0m1.5s 0m0.2s`. */
export function childSeconds(line: string): number {
  const times = [...line.matchAll(/(\d+)m([\d.]+)s/g)];
  return times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

/** The program and its arguments as words of a shell. */
export function shellWords(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

/** Waits until every file below `folder` is on disk: what a caller of a peer that does not flush has to do as well. */
export function syncFolder(folder: string): string {
  return `find ${shellWords([folder])} -type f -exec sync -d {} +`;
}

/** Waits until a file is on disk. */
export function syncFile(file: string): string {
  return `sync -d ${shellWords([file])}`;
}
