import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import type { SuiteResult } from './suite-results.ts';

/** What the vitest runs came to. */
export interface VitestRun {
  readonly suites: readonly SuiteResult[];
  /** 0, or the exit code of the first run that failed. */
  readonly exitCode: number;
}

/** Runs vitest over the suites that the arguments choose; its output goes to ours. */
export async function runVitest(args: readonly string[]): Promise<VitestRun> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sendense-test-'));
  try {
    const resultsFile = path.join(folder, 'results.jsonl');
    const exitCode = await vitest(args, resultsFile);
    const lines = await readFile(resultsFile, 'utf8').catch(() => '');
    const suites = lines
      .split('\n')
      .flatMap((line) => (line === '' ? [] : (JSON.parse(line) as SuiteResult[])));
    return { suites, exitCode };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function vitest(args: readonly string[], resultsFile: string): Promise<number> {
  const root = path.resolve(import.meta.dirname, '../..');
  const program = path.join(
    path.dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
    'vitest.mjs',
  );
  const child = spawn(process.execPath, [program, 'run', ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, SENDENSE_TEST_RESULTS: resultsFile },
  });
  // An interrupted run still reports what it did; the terminal or tools/run.mjs tells vitest to end.
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      process.off('SIGINT', forward).off('SIGTERM', forward);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
