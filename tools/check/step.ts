import type { CommandResult } from '../run-command.ts';

/** One check of `npm run check`. */
export interface Step {
  readonly name: string;
  /** The names of steps that must have passed before. */
  readonly after?: readonly string[];
  readonly run: () => Promise<CommandResult>;
}

/** How a step ended. */
export interface StepResult {
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'not run';
  readonly durationMs: number;
  readonly output: string;
}
