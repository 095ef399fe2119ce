import type { Command, Option } from 'commander';
import { createProgram } from './create-program.ts';

/** A flag as its documentation needs it. */
export type FlagDescription = {
  /** As it is written, e.g. `--rate <bytes>`. */
  readonly flags: string;
  readonly description: string;
  readonly required: boolean;
  readonly choices: readonly string[];
  readonly default: string | undefined;
};

/** A verb as its documentation needs it. */
export type VerbDescription = {
  /** With the program in front, e.g. `sendense-ctl backup start`. */
  readonly name: string;
  readonly description: string;
  readonly flags: readonly FlagDescription[];
};

function verbsOf(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(verbsOf);
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

function flagOf(option: Option): FlagDescription {
  const { flags, description, mandatory: required, argChoices: choices = [], defaultValue } = option;
  return {
    flags,
    description,
    required,
    choices,
    default: typeof defaultValue === 'string' ? defaultValue : undefined,
  };
}

/** Every verb with its flags, from the tree that parses them. */
export function describeVerbs(): readonly VerbDescription[] {
  return verbsOf(createProgram(() => Promise.resolve())).map((verb) => ({
    name: nameOf(verb),
    description: verb.description(),
    flags: verb.options.map(flagOf),
  }));
}
