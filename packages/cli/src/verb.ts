import type { Json } from '@sendense/core';
import type { Command } from 'commander';
import type { Session } from './session/session.ts';
import type { Work } from './work/work.ts';

/** What a verb gives back: the JSON of its surface, and the same for a person. */
export type VerbResult = {
  readonly json: { readonly [key: string]: Json };
  readonly lines: readonly string[];
  /** 1: some machines failed. 3: damage or a difference was found. */
  readonly exitCode?: 0 | 1 | 3;
};

/** What every verb of the command line has. */
type NamedVerb = {
  /** The words that name it: group and verb, or one word. */
  readonly words: readonly [string, ...string[]];
  readonly summary: string;
  /** Adds the verb's flags. */
  readonly flags: (command: Command) => Command;
};

/** A verb that is done in this process only, e.g. `image info`. */
export type LocalVerb<Options = unknown> = NamedVerb & {
  readonly run: (session: Session, options: Options) => Promise<VerbResult>;
};

/** A verb that a server does too, e.g. `backup start`. */
export type ServedVerb<Options = unknown> = NamedVerb & {
  /** Those of its flags that a server takes, by their long form; others are refused there. */
  readonly served: readonly `--${string}`[];
  /** Has `work` do it, and tells what came of it: the same for whoever does it. */
  readonly runBy: (work: Work, options: Options) => Promise<VerbResult>;
};

/** A verb of the command line. */
export type Verb = LocalVerb | ServedVerb;

/** A verb whose options have the type that its flags make. */
export function defineVerb<Options>(verb: LocalVerb<Options>): Verb {
  return verb as LocalVerb;
}

/** The same of a verb that a server does too. */
export function defineServedVerb<Options>(verb: ServedVerb<Options>): Verb {
  return verb as ServedVerb;
}
