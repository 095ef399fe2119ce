import { SendenseError } from '@sendense/core';
import type { Config } from '../config/config-schema.ts';
import { type InlineName, type NameUse, parseInlineName } from '../names/parse-name.ts';

/** Where the configuration keeps the names of each use. */
const TABLES = { source: 'sources', repository: 'repositories', target: 'targets' } as const;

/** What the configuration says of a name, of any use. */
type Settings = Partial<Config['sources'][string]> & Pick<Config['sources'][string], 'at'>;

/** What a name stands for: its inline form, and the settings that the configuration gives it. */
export type Place = {
  /** The inline form as it is written. */
  readonly text: string;
  readonly inline: InlineName | undefined;
  readonly settings: Settings | undefined;
};

/** Looks a name up: an inline form as it is, else the entry of the configuration, else the text without a kind. */
export function findPlace(config: Config, use: NameUse, name: string): Place {
  const inline = parseInlineName(use, name);
  if (inline !== undefined) return { text: name, inline, settings: undefined };
  const table: Readonly<Record<string, Settings>> = config[TABLES[use]];
  const settings = Object.hasOwn(table, name) ? table[name] : undefined;
  const text = settings?.at ?? name;
  return { text, inline: parseInlineName(use, text), settings };
}

/** The error for a name that is neither an inline form nor in the configuration. */
export function unknownName(config: Config, use: NameUse, name: string): SendenseError {
  const known = Object.keys(config[TABLES[use]]);
  const names = known.length === 0 ? '' : `, or one of the configuration: ${known.join(', ')}`;
  return new SendenseError('CONFIG_INVALID', `there is no ${use} named ${JSON.stringify(name)}`, {
    operation: 'parse-name',
    remedy: `write image:${name} if it is a path${names}`,
  });
}

/** The error for a flag that is needed and has no default. */
export function missingFlag(use: NameUse): SendenseError {
  return new SendenseError('CONFIG_INVALID', `no ${use} was given`, {
    operation: 'parse-arguments',
    remedy: `add --${use}, or set defaults.${use} in the configuration file`,
  });
}
