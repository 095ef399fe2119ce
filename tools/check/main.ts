import { runSteps } from './run-steps.ts';
import type { StepResult } from './step.ts';
import { steps } from './steps.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Runs all checks, or those whose names are given as arguments together with what they build upon. */
async function main(names: readonly string[]): Promise<boolean> {
  const chosen = names.length === 0 ? steps : steps.filter((step) => names.includes(step.name));
  const chosenNames = new Set(chosen.map((step) => step.name));
  const alone = chosen.map((step) => ({
    ...step,
    after: (step.after ?? []).filter((name) => chosenNames.has(name)),
  }));
  if (alone.length === 0) {
    say(`No such check. There are: ${steps.map((step) => `"${step.name}"`).join(' ')}`);
    return false;
  }
  const startedAt = performance.now();
  const results = await runSteps(alone, 2, printFailure);
  say('check                 result     took');
  for (const result of results) say(tableRow(result));
  say(`total                        ${seconds(performance.now() - startedAt)}`);
  return results.every((result) => result.state === 'passed');
}

function printFailure(result: StepResult): void {
  if (result.state === 'failed') say(`--- ${result.name} ---\n${result.output.trimEnd()}\n`);
}

function tableRow({ name, state, durationMs }: StepResult): string {
  return `${name.padEnd(20)}  ${state.padEnd(7)}${seconds(durationMs)}`;
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`.padStart(8);
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
