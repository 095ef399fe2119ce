import { SendenseError } from '@sendense/core';
import { holdsUserinfo } from '@sendense/plugin-kit';

/** What stands behind `?` in a name: text by name, none of it secret. */
export type PlaceSettings<Name extends string> = { readonly [name in Name]?: string };

/**
 * Reads `a=1&b=2`. Throws `CONFIG_INVALID` for a setting that is not among `names`, that is given twice, is empty or an address
 * with a credential; the
 * message never repeats a value: somebody may have put a secret there.
 */
export function readSettings<Name extends string>(
  query: string,
  names: readonly Name[],
  kind: string,
): PlaceSettings<Name> {
  const settings: { [name in Name]?: string } = {};
  for (const [given, value] of new URLSearchParams(query)) {
    const name = names.find((known) => known === given);
    if (name === undefined) throw wrongSetting(`${kind} has no setting ${JSON.stringify(given)}`, names);
    if (value === '' || settings[name] !== undefined)
      throw wrongSetting(`the setting ${name} of ${kind} is empty or given twice`, names);
    if (holdsUserinfo(value)) throw wrongSetting(`the setting ${name} of ${kind} holds a credential`, names);
    settings[name] = value;
  }
  return settings;
}

/** The same as text, with its `?`; empty without settings. */
export function writeSettings(settings: PlaceSettings<string>): string {
  const text = Object.entries(settings).map(([name, value = '']) => `${name}=${encodeURIComponent(value)}`);
  return text.length === 0 ? '' : `?${text.join('&')}`;
}

function wrongSetting(message: string, names: readonly string[]): SendenseError {
  return new SendenseError('CONFIG_INVALID', message, {
    operation: 'parse-name',
    remedy: `settings are ${names.join(', ')}; credentials come from the environment or a file`,
  });
}
