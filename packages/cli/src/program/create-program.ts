import { Command, type Option } from 'commander';
import type { Verb } from '../verb.ts';
import { VERBS } from '../verbs/index.ts';
import { addCommonFlags } from './common-flags.ts';

/** Groups of verbs and what they are about. */
const GROUPS: Readonly<Record<string, string>> = {
  backup: 'make, list and care for recovery points',
  restore: 'write a recovery point to a target',
  repository: 'make and look after repositories',
  'repository key': 'who can open an encrypted repository',
  vmware: 'look at a vCenter or ESXi',
  export: 'offer recovery points and images to NBD clients',
  server: 'the HTTP API',
  token: 'who may call the HTTP API',
  jobs: 'list and cancel jobs',
  image: 'look at, convert and compare disk files of any format',
};

/** Runs a verb with the options that were parsed; `given` are its own flags that the user wrote, by their long form. */
export type RunVerb = (verb: Verb, options: unknown, given: readonly string[]) => Promise<void>;

/** The whole command line as commander's tree. Nothing is written or ended by it: its errors are thrown. */
export function createProgram(run: RunVerb): Command {
  const program = new Command('sendense-ctl')
    .description('Back up, restore and look after virtual machine disks.')
    .addHelpCommand(true)
    .enablePositionalOptions()
    .exitOverride();
  addCommonFlags(program);
  const groups = new Map<string, Command>();
  for (const verb of VERBS) {
    const command = addVerb(parentOf(verb, program, groups), verb, run);
    command.exitOverride().configureOutput(program.configureOutput());
  }
  return program;
}

function parentOf(verb: Verb, program: Command, groups: Map<string, Command>): Command {
  let parent = program;
  for (let length = 1; length < verb.words.length; length += 1)
    parent = groupOf(verb.words.slice(0, length), parent, groups);
  return parent;
}

function groupOf(words: readonly string[], parent: Command, groups: Map<string, Command>): Command {
  const name = words.join(' ');
  const known = groups.get(name);
  if (known !== undefined) return known;
  const group = parent
    .command(words.at(-1) ?? '')
    .description(GROUPS[name] ?? '')
    .enablePositionalOptions()
    .exitOverride();
  groups.set(name, addCommonFlags(group));
  return group;
}

/** What was given to a verb, or to the words before it; the nearer one counts. */
function givenOptions(command: Command): Record<string, unknown> {
  const own = command.opts();
  if (command.parent === null) return own;
  const above = givenOptions(command.parent);
  const defaults = Object.keys(own).filter((name) => command.getOptionValueSource(name) === 'default');
  const kept = Object.fromEntries(
    defaults.filter((name) => name in above).map((name) => [name, above[name]]),
  );
  return { ...above, ...own, ...kept };
}

/** Arguments by the names they were declared with. */
function givenArguments({ registeredArguments, processedArgs }: Command): Record<string, unknown> {
  return Object.fromEntries(
    registeredArguments.map((argument, index) => [argument.name(), processedArgs[index]]),
  );
}

function addVerb(parent: Command, verb: Verb, run: RunVerb): Command {
  const command = verb.flags(parent.command(verb.words.at(-1) ?? '').description(verb.summary));
  const own = [...command.options];
  const isGiven = (option: Option) => command.getOptionValueSource(option.attributeName()) === 'cli';
  return addCommonFlags(command)
    .allowExcessArguments(false)
    .action(() => {
      const given = own.filter(isGiven).map(({ long }) => long ?? '');
      return run(verb, { ...givenOptions(command), ...givenArguments(command) }, given);
    });
}
