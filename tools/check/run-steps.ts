import type { Step, StepResult } from './step.ts';

/**
 * Runs steps, `limit` at a time, in their order as far as `after` allows. A step whose predecessor failed is not run.
 *
 * @param onEnd - is called as each step ends.
 */
export async function runSteps(
  steps: readonly Step[],
  limit: number,
  onEnd: (result: StepResult) => void,
): Promise<StepResult[]> {
  const results = new Map<string, StepResult>();
  const waiting = [...steps];
  const running = new Set<Promise<void>>();
  const record = (result: StepResult): void => {
    results.set(result.name, result);
    onEnd(result);
  };
  const start = (step: Step): void => {
    const task = timed(step).then((result) => {
      running.delete(task);
      record(result);
    });
    running.add(task);
  };
  while (waiting.length > 0 || running.size > 0) {
    const index = running.size < limit ? waiting.findIndex((step) => isDecided(step, results)) : -1;
    if (index >= 0) {
      for (const step of waiting.splice(index, 1)) {
        if (isBlocked(step, results))
          record({ name: step.name, state: 'not run', durationMs: 0, output: '' });
        else start(step);
      }
    } else if (running.size > 0) await Promise.race(running);
    else throw new Error(`steps wait for each other: ${waiting.map((step) => step.name).join(', ')}`);
  }
  return steps.flatMap((step) => results.get(step.name) ?? []);
}

function isDecided(step: Step, results: ReadonlyMap<string, StepResult>): boolean {
  return (step.after ?? []).every((name) => results.has(name));
}

function isBlocked(step: Step, results: ReadonlyMap<string, StepResult>): boolean {
  return (step.after ?? []).some((name) => results.get(name)?.state !== 'passed');
}

async function timed(step: Step): Promise<StepResult> {
  const startedAt = performance.now();
  const { ok, output } = await step.run().catch((error: unknown) => ({ ok: false, output: String(error) }));
  const durationMs = performance.now() - startedAt;
  return { name: step.name, state: ok ? 'passed' : 'failed', durationMs, output };
}
