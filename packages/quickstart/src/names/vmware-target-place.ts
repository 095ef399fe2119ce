import { SendenseError } from '@sendense/core';
import type { VmwareTargetOptions } from '@sendense/target-vmware';

type Options = Omit<VmwareTargetOptions, 'address' | 'user'>;
type Networks = Pick<Options, 'networks' | 'defaultNetwork'>;

/** Settings that a name can carry, and the option that each is. */
const SETTINGS: Readonly<Record<string, keyof Options>> = {
  dc: 'datacenter',
  ds: 'datastore',
  pool: 'pool',
  folder: 'folder',
  host: 'host',
  via: 'via',
  disks: 'provisioning',
  firmware: 'firmware',
  mac: 'macAddresses',
  guest: 'guestId',
};

/** What `vmware://HOST/NAME?dc=…&ds=…&network=…` says, as options of the target. */
export type VmwareTargetPlace = {
  readonly server: string;
  readonly options: Readonly<Record<string, unknown>>;
};

const FORM = /^\/\/([^/?#\s]+)\/([^/?]+)(?:\?(.*))?$/s;

function networkOf(text: string): NonNullable<Networks['defaultNetwork']> {
  return text === 'none' ? text : { network: text };
}

/** `NAME` is what all networks become, `OLD=NAME` what one does; `none` leaves the card out. */
function networksOf(texts: readonly string[]): Networks {
  const pairs = texts.map((text) => /^(.+?)=(.+)$/.exec(text));
  const named = pairs.flatMap((pair) => (pair === null ? [] : [[pair[1] ?? '', networkOf(pair[2] ?? '')]]));
  const other = texts.find((_, index) => pairs[index] === null);
  return {
    networks: Object.fromEntries(named),
    ...(other === undefined ? {} : { defaultNetwork: networkOf(other) }),
  };
}

/** Reads what stands behind `vmware:` for a target. Throws `CONFIG_INVALID` for another form and a setting that is unknown. */
export function parseVmwareTargetPlace(rest: string): VmwareTargetPlace {
  const [, server, encoded, query = ''] = FORM.exec(rest) ?? [];
  const name = encoded === undefined ? undefined : decoded(encoded);
  if (server === undefined || name === undefined) throw invalid('names no server and new machine');
  const settings = new URLSearchParams(query);
  const options: Record<string, unknown> = { name, ...networksOf(settings.getAll('network')) };
  for (const [setting, value] of settings) {
    const option = Object.hasOwn(SETTINGS, setting) ? SETTINGS[setting] : undefined;
    if (option !== undefined) options[option] = value;
    else if (setting !== 'network') throw invalid(`has no setting ${JSON.stringify(setting)}`);
  }
  return { server, options };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function invalid(what: string): SendenseError {
  const known = [...Object.keys(SETTINGS), 'network'].join(', ');
  return new SendenseError('CONFIG_INVALID', `a VMware target ${what}`, {
    operation: 'parse-name',
    remedy: `write vmware://HOST/NAME?dc=DATACENTER&ds=DATASTORE&network=NETWORK; settings are ${known}`,
  });
}
