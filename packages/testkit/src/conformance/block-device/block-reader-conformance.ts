import { type Runner, registerCases } from '../case.ts';
import { type BlockReaderSubject, openReaderContext } from './block-reader-subject.ts';
import { readerExtentsCases } from './reader-extents-cases.ts';
import { readerReadCases } from './reader-read-cases.ts';
import { readerTraitCases } from './reader-trait-cases.ts';

/** The cases of every block reader, as data. */
export const blockReaderCases = [...readerReadCases, ...readerExtentsCases, ...readerTraitCases];

/** Registers the cases of a block reader with a test runner. */
export function blockReaderConformance(runner: Runner, subject: BlockReaderSubject): void {
  const { name, capabilities } = subject;
  registerCases(runner, `${name}: block reader`, blockReaderCases, capabilities, () =>
    openReaderContext(subject),
  );
}
