import { type Runner, registerCases } from '../case.ts';
import { checkCases } from './check-cases.ts';
import { readBackCases } from './read-back-cases.ts';
import { restoreCases } from './restore-cases.ts';
import { openTargetContext, type TargetSubject } from './target-subject.ts';
import { targetTraitCases } from './target-trait-cases.ts';

/** The cases of every target, as data. */
export const targetCases = [...checkCases, ...restoreCases, ...readBackCases, ...targetTraitCases];

/** Registers the cases of a target with a test runner. */
export function targetConformance(runner: Runner, subject: TargetSubject): void {
  const { name, capabilities, readsBack = true } = subject;
  const declared = { ...capabilities, readsBack };
  registerCases(runner, `${name}: target`, targetCases, declared, () => openTargetContext(subject));
}
