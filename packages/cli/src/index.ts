export { runCommandLine } from './command-line.ts';
export { EXIT, type StopSignal } from './exit-code.ts';
export type { Host, TextOutput } from './host.ts';
export { processHost } from './process-host.ts';
export { createProgram, type RunVerb } from './program/create-program.ts';
export type { Verb, VerbResult } from './verb.ts';
