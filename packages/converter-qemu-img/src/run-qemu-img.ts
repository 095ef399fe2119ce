import { abortedError, type Call } from '@sendense/core';
import { ExecaError, execa } from 'execa';
import { mapQemuImgError } from './map-error.ts';

/** One run of the program. */
export type QemuImgRun = {
  readonly program: string;
  readonly args: readonly string[];
  readonly operation: string;
  /** The file that a failure is about. */
  readonly path: string;
  /** Called with the percent that `-p` prints. */
  readonly onPercent?: (percent: number) => void;
};

/** `    (12.34/100%)`, again and again on one line. */
const PERCENT = /\((\d+(?:\.\d+)?)\/100%\)/g;

/** Runs `qemu-img` to its end and gives what it printed. An abort kills it; nothing is written after this settles. */
export async function runQemuImg(run: QemuImgRun, { signal }: Call = {}): Promise<string> {
  const { program, args, operation, path, onPercent } = run;
  const child = execa(program, args, {
    stdin: 'ignore',
    // what it prints is read here, in the words of no other language
    env: { LC_ALL: 'C' },
    ...(signal && { cancelSignal: signal, forceKillAfterDelay: 1000 }),
  });
  if (onPercent !== undefined)
    child.stdout.on('data', (chunk: Buffer) => {
      const [, last] = [...chunk.toString().matchAll(PERCENT)].at(-1) ?? [];
      if (last !== undefined) onPercent(Number(last));
    });
  try {
    return (await child).stdout;
  } catch (error) {
    if (signal?.aborted === true) throw abortedError(operation, signal, error);
    const code = error instanceof ExecaError ? error.code : undefined;
    const stderr = error instanceof ExecaError ? String(error.stderr) : String(error);
    throw mapQemuImgError(error, { operation, path, stderr, ...(code !== undefined && { code }) });
  }
}
