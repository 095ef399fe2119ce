import {
  describeCommonFlags,
  describeVerbs,
  type FlagDescription,
  type VerbDescription,
} from '@sendense/cli';
import { table } from './generated-blocks.ts';

function row(flag: FlagDescription): string[] {
  const choices = flag.choices.map((choice) => `\`${choice}\``).join(', ');
  const notes = [
    ...(flag.required ? ['required'] : []),
    ...(choices === '' ? [] : [`one of ${choices}`]),
    ...(flag.default === undefined ? [] : [`default \`${flag.default}\``]),
  ];
  const note = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
  return [`\`${flag.flags}\``, flag.description + note];
}

function argumentNames(verb: VerbDescription): string {
  return verb.arguments.map(({ name }) => ` <${name}>`).join('');
}

function section(verb: VerbDescription, common: ReadonlySet<string>): string {
  const own = verb.flags.filter(({ flags }) => !common.has(flags));
  const rows = [
    ...verb.arguments.map(({ name, description }) => [`\`<${name}>\``, description]),
    ...own.map(row),
  ];
  const flags = rows.length === 0 ? '' : `\n${table(['flag', 'meaning'], rows)}\n`;
  const sentence = verb.description.charAt(0).toUpperCase() + verb.description.slice(1);
  return `## ${verb.name}${argumentNames(verb)}\n\n${sentence}.\n${flags}`;
}

/** Every verb with its flags, from the tree that parses them; flags that all verbs have stand first. */
export function cliReference(): string {
  const verbs = describeVerbs();
  const common = describeCommonFlags();
  const names = new Set(common.map(({ flags }) => flags));
  return [
    '## Flags of every verb',
    '',
    table(['flag', 'meaning'], common.map(row)),
    '',
    ...verbs.map((verb) => section(verb, names)),
  ].join('\n');
}
