import { type Runner, registerCases } from '../case.ts';
import { type BlockWriterSubject, openWriterContext } from './block-writer-subject.ts';
import { writerPlacementCases } from './writer-placement-cases.ts';
import { writerTraitCases } from './writer-trait-cases.ts';
import { writerWriteCases } from './writer-write-cases.ts';

/** The cases of every block writer, as data. */
export const blockWriterCases = [...writerWriteCases, ...writerPlacementCases, ...writerTraitCases];

/** Registers the cases of a block writer with a test runner. */
export function blockWriterConformance(runner: Runner, subject: BlockWriterSubject): void {
  const { name, capabilities } = subject;
  registerCases(runner, `${name}: block writer`, blockWriterCases, capabilities, () =>
    openWriterContext(subject),
  );
}
