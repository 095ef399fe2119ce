import { SendenseError } from '@sendense/core';
import { type PlaceUse, parsePlaceName, REPOSITORY_KINDS } from '@sendense/quickstart';
import type { Config } from '../config/config-schema.ts';

/** Where the configuration keeps the names of each use. */
const TABLES = { source: 'sources', repository: 'repositories', target: 'targets' } as const;

/** Kinds that are installed. A repository may also be a plain path. */
const INSTALLED: Readonly<Record<PlaceUse, readonly string[]>> = {
  source: ['image', 'qemu', 'libvirt', 'vmware'],
  repository: REPOSITORY_KINDS,
  target: ['image', 'ova', 'libvirt', 'vmware'],
};

/** Kinds of other packages: known words, so that the error can tell a missing connector from a mistyped word. */
const ELSEWHERE = /^(qemu|libvirt|vmware|cloudstack|hyperv|aws|azure|nutanix)$/;

/** What the configuration says of a name, of any use. */
type Settings = Partial<Config['sources'][string]> & Pick<Config['sources'][string], 'at'>;

/** What a name stands for: an inline name with an installed kind, and what the configuration adds to it. */
export type Place = { readonly text: string; readonly settings: Settings | undefined };

/**
 * Looks a name up: an inline name as it is, else the entry of the configuration. Throws `CONFIG_INVALID` for a name that
 * is neither, and for one that holds a credential; `UNSUPPORTED` for a connector that is not installed.
 */
export function findPlace(config: Config, use: PlaceUse, name: string): Place {
  const table: Readonly<Record<string, Settings>> = config[TABLES[use]];
  const settings = Object.hasOwn(table, name) ? table[name] : undefined;
  const text = settings?.at ?? name;
  const { kind } = parsePlaceName(use, text);
  if (kind === null && use !== 'repository')
    throw settings === undefined
      ? unknownName(use, name, Object.keys(table))
      : kindlessEntry(use, name, text);
  if (kind !== null && !INSTALLED[use].includes(kind)) throw unknownKind(use, kind);
  return { text, settings };
}

/**
 * The configured target that an inline name is the place of: a restore that goes on knows its target by that name alone, and the
 * account is in the entry.
 */
export function entryAt({ targets }: Config, text: string): Config['targets'][string] | undefined {
  return Object.values(targets).find(({ at }) => at === text);
}

/** How `rest` would be written with each of the installed kinds. */
function formsOf(use: PlaceUse, rest: string): string {
  const forms = INSTALLED[use].map((kind) =>
    kind === 'vmware' ? `vmware://HOST/${rest}` : `${kind}:${rest}`,
  );
  return forms.join(' or ');
}

function unknownName(use: PlaceUse, name: string, known: readonly string[]): SendenseError {
  const names = known.length === 0 ? '' : `, or one of the configuration: ${known.join(', ')}`;
  return new SendenseError('CONFIG_INVALID', `there is no ${use} named ${JSON.stringify(name)}`, {
    operation: 'parse-name',
    remedy: `write ${formsOf(use, name)}, by what it is${names}`,
  });
}

function kindlessEntry(use: PlaceUse, name: string, text: string): SendenseError {
  const message = `${JSON.stringify(text)}, which the configuration has as ${use} ${JSON.stringify(name)}, has no kind in front`;
  return new SendenseError('CONFIG_INVALID', message, {
    operation: 'parse-name',
    remedy: `write ${formsOf(use, text)} there, by what it is`,
  });
}

function unknownKind(use: PlaceUse, kind: string): SendenseError {
  const offers = INSTALLED[use].map((offer) => `${offer}:…`).join(' or ');
  const remedy = `use ${offers}, or a name from the configuration file`;
  const details = { operation: 'parse-name', remedy };
  if (!ELSEWHERE.test(kind)) {
    return new SendenseError('CONFIG_INVALID', `${kind}: is no kind of ${use}`, details);
  }
  return new SendenseError('UNSUPPORTED', `no connector for ${kind}: as a ${use} is installed`, details);
}

/** What somebody who begins needs to know besides. */
const FIRST: Readonly<Record<PlaceUse, string>> = {
  source: '',
  repository: '; "sendense-ctl repository init --repository FOLDER" makes one',
  target: '',
};

/** The error for a flag that is needed and has no default. */
export function missingFlag(use: PlaceUse): SendenseError {
  return new SendenseError('CONFIG_INVALID', `no ${use} was given`, {
    operation: 'parse-arguments',
    remedy: `add --${use}, or set defaults.${use} in the configuration file${FIRST[use]}`,
  });
}
