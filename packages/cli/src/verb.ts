import type { Json } from '@sendense/core';
import type { Command } from 'commander';
import type { Session } from './session/session.ts';

/** What a verb gives back: the JSON of its surface, and the same for a person. */
export type VerbResult = {
  readonly json: { readonly [key: string]: Json };
  readonly lines: readonly string[];
  /** 1: some machines failed. 3: damage or a difference was found. */
  readonly exitCode?: 0 | 1 | 3;
};

/** A verb of the command line, e.g. `backup start`. */
export type Verb<Options = unknown> = {
  /** The words that name it: group and verb, or one word. */
  readonly words: readonly [string, ...string[]];
  readonly summary: string;
  /** Adds the verb's flags. */
  readonly flags: (command: Command) => Command;
  readonly run: (session: Session, options: Options) => Promise<VerbResult>;
};

/** A verb whose options have the type that its flags make. */
export function defineVerb<Options>(verb: Verb<Options>): Verb {
  return verb as Verb;
}
