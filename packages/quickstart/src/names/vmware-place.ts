import { SendenseError } from '@sendense/core';
import { readSettings } from './place-settings.ts';

/** What `vmware://HOST[:PORT]/MACHINE?dc=…&ds=…` says. */
export type VmwarePlace = {
  /** Of the vCenter or ESXi: `vc.example` or `vc.example:8443`. */
  readonly server: string;
  /** Name, inventory path, managed object id or UUID of the machine; `undefined` for the whole server. */
  readonly machine: string | undefined;
  /** The datacenter that the machine is in, with its folders where the name alone is not enough: `Europe/DC1`. */
  readonly datacenter: string | undefined;
  /** The datastore of the machine's configuration file. */
  readonly datastore: string | undefined;
};

const FORM = /^\/\/([^/?#\s]+)(?:\/([^?]*))?(?:\?(.*))?$/s;

/** Reads what stands behind `vmware:`. Throws `CONFIG_INVALID` for another form and for a setting that is unknown. */
export function parseVmwarePlace(rest: string): VmwarePlace {
  const [, server, path = '', query = ''] = FORM.exec(rest) ?? [];
  if (server === undefined) throw invalid('has no server', rest);
  const { dc, ds } = readSettings(query, ['dc', 'ds'], 'a VMware place');
  const machine = path
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => decoded(segment, rest))
    .join('/');
  return { server, machine: machine === '' ? undefined : machine, datacenter: trimmed(dc), datastore: ds };
}

/** The inventory path is written with and without the slash at its front. */
function trimmed(path: string | undefined): string | undefined {
  return path?.replaceAll(/^\/+|\/+$/g, '');
}

function decoded(segment: string, rest: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalid('has a % that stands for nothing: write it as %25', rest);
  }
}

function invalid(what: string, rest: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `the name ${JSON.stringify(`vmware:${rest}`)} ${what}`, {
    operation: 'parse-name',
    remedy: 'write vmware://HOST/MACHINE, or vmware://HOST/MACHINE?dc=DATACENTER&ds=DATASTORE',
  });
}
