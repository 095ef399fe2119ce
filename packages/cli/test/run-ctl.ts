import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What Node is started with for the command line as its sources are. */
const FROM_SOURCES: readonly string[] = [
  '--conditions=@sendense/source',
  '--disable-warning=ExperimentalWarning',
  fileURLToPath(new URL('../src/main.ts', import.meta.url)),
];

/** How a run of the command line ended. */
export type Run = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Lines of standard output. */
  readonly lines: readonly string[];
};

/** A run under way. */
export type Running = {
  readonly child: ChildProcess;
  readonly stderr: () => string;
  readonly end: Promise<Run>;
};

/** Native code or not is the choice of the whole test run. */
function nativeMode(): Record<string, string> {
  const { SENDENSE_NATIVE } = process.env;
  return SENDENSE_NATIVE === undefined ? {} : { SENDENSE_NATIVE };
}

/** Starts `sendense-ctl` as a process of its own, with an environment that holds nothing else of the user's. */
export function startCtl(
  home: string,
  args: readonly string[],
  env: Record<string, string> = {},
  program: readonly string[] = FROM_SOURCES,
): Running {
  const child = spawn(process.execPath, [...program, ...args], {
    cwd: home,
    env: { PATH: process.env.PATH ?? '', HOME: home, ...nativeMode(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const end = once(child, 'close').then(
    ([code]): Run => ({
      code: code as number | null,
      stdout,
      stderr,
      lines: stdout.split('\n').filter((line) => line !== ''),
    }),
  );
  return { child, stderr: () => stderr, end };
}

/** Runs `sendense-ctl` to its end. */
export function runCtl(
  home: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Run> {
  return startCtl(home, args, env).end;
}

/** The object on the last line of standard output; fails unless it is the only line. */
export function jsonOf(run: Run): Record<string, unknown> {
  if (run.lines.length !== 1) throw new Error(`not one line: ${JSON.stringify(run)}`);
  return JSON.parse(run.lines[0] ?? '') as Record<string, unknown>;
}

/** Runs a verb with `--json` that is to succeed, and gives its object. */
export async function ctlJson(
  home: string,
  args: readonly string[],
  code = 0,
  env: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const run = await runCtl(home, [...args, '--json'], env);
  if (run.code !== code)
    throw new Error(`${args.join(' ')} ended with ${run.code}: ${run.stdout}${run.stderr}`);
  return jsonOf(run);
}
