import { type Runner, registerCases } from '../case.ts';
import { type ChunkerSubject, openChunkerContext } from './chunker-subject.ts';
import { chunkerTraitCases } from './chunker-trait-cases.ts';
import { decodeIntoCases } from './decode-into-cases.ts';
import { frameCases } from './frame-cases.ts';
import { readChunkCases } from './read-chunk-cases.ts';

/** The cases of every chunker, as data. */
export const chunkerCases = [...readChunkCases, ...frameCases, ...decodeIntoCases, ...chunkerTraitCases];

/** Registers the cases of a chunker with a test runner. */
export function chunkerConformance(runner: Runner, subject: ChunkerSubject): void {
  registerCases(runner, `${subject.name}: chunker`, chunkerCases, undefined, () =>
    openChunkerContext(subject),
  );
}
