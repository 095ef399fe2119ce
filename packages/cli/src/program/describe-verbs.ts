import { Command, type Option } from 'commander';
import { addCommonFlags } from './common-flags.ts';
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

/** What stands behind the words of a verb, without a flag. */
export type ArgumentDescription = { readonly name: string; readonly description: string };

/** A verb as its documentation needs it. */
export type VerbDescription = {
  /** With the program in front, e.g. `sendense-ctl backup start`. */
  readonly name: string;
  readonly description: string;
  readonly arguments: readonly ArgumentDescription[];
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

/** The flags that every verb has. */
export function describeCommonFlags(): readonly FlagDescription[] {
  return addCommonFlags(new Command()).options.map(flagOf);
}

/** Every verb with its flags, from the tree that parses them. */
export function describeVerbs(): readonly VerbDescription[] {
  return verbsOf(createProgram(() => Promise.resolve())).map((verb) => ({
    name: nameOf(verb),
    description: verb.description(),
    arguments: verb.registeredArguments.map((argument) => ({
      name: argument.name(),
      description: argument.description,
    })),
    flags: verb.options.map(flagOf),
  }));
}
