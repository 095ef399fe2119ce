import { resolve } from 'node:path';
import { SendenseError } from '@sendense/core';
import type { QemuTargetOptions } from '@sendense/target-qemu';

type Networks = Pick<QemuTargetOptions, 'networks' | 'defaultNetwork'>;

/** Settings that a name can carry, and the option that each is. */
const SETTINGS: Readonly<Record<string, keyof QemuTargetOptions>> = {
  uri: 'uri',
  folder: 'folder',
  type: 'domainType',
  machine: 'machineType',
  firmware: 'firmware',
  mac: 'macAddresses',
};

/** Where the disks go unless the name says otherwise: the folder of libvirt's own default pool. */
const DEFAULT_FOLDER = '/var/lib/libvirt/images';

/** What `libvirt:NAME?uri=…&folder=…&network=…` says, as options of the target. */
export type LibvirtPlace = { readonly folder: string; readonly options: Readonly<Record<string, unknown>> };

function networkOf(text: string): NonNullable<Networks['defaultNetwork']> {
  if (text === 'none') return text;
  return text.startsWith('bridge:') ? { bridge: text.slice('bridge:'.length) } : { network: text };
}

/** `NAME` is what all networks become, `OLD=NAME` what one does; `bridge:br0` is a bridge, `none` leaves the card out. */
function networksOf(texts: readonly string[]): Networks {
  const pairs = texts.map((text) => /^(.+?)=(.+)$/.exec(text));
  const named = pairs.flatMap((pair) => (pair === null ? [] : [[pair[1] ?? '', networkOf(pair[2] ?? '')]]));
  const other = texts.find((_, index) => pairs[index] === null);
  return {
    networks: Object.fromEntries(named),
    ...(other === undefined ? {} : { defaultNetwork: networkOf(other) }),
  };
}

/** Reads what stands behind `libvirt:` for a target. Throws `CONFIG_INVALID` for a setting that is unknown. */
export function parseLibvirtPlace(rest: string, workingDirectory: string): LibvirtPlace {
  const end = rest.includes('?') ? rest.indexOf('?') : rest.length;
  const settings = new URLSearchParams(rest.slice(end + 1));
  const options: Record<string, unknown> = {
    name: rest.slice(0, end),
    ...networksOf(settings.getAll('network')),
  };
  for (const [name, value] of settings) {
    const option = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
    if (option !== undefined) options[option] = value;
    else if (name !== 'network') throw unknownSetting(name);
  }
  const folder = resolve(workingDirectory, settings.get('folder') ?? DEFAULT_FOLDER);
  return { folder, options: { ...options, folder } };
}

function unknownSetting(name: string): SendenseError {
  const known = [...Object.keys(SETTINGS), 'network'].join(', ');
  return new SendenseError('CONFIG_INVALID', `a libvirt target has no setting ${JSON.stringify(name)}`, {
    operation: 'parse-name',
    remedy: `settings are ${known}: libvirt:NAME?folder=/images&network=default`,
  });
}
