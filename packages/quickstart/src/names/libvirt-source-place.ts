import { resolve } from 'node:path';
import { SendenseError } from '@sendense/core';

/** What `libvirt:DOMAIN?uri=…&scratch=…` says, as options of the source. */
export type LibvirtSourcePlace = {
  readonly libvirt: { readonly domain: string; readonly uri?: string };
  readonly scratch?: string;
};

const SETTINGS: readonly string[] = ['uri', 'scratch'];

/** Reads what stands behind `libvirt:` for a source. Throws `CONFIG_INVALID` for a setting that is unknown. */
export function parseLibvirtSourcePlace(rest: string, workingDirectory: string): LibvirtSourcePlace {
  const end = rest.includes('?') ? rest.indexOf('?') : rest.length;
  const settings = new URLSearchParams(rest.slice(end + 1));
  for (const name of settings.keys()) {
    if (!SETTINGS.includes(name)) throw unknownSetting(name);
  }
  const [uri, scratch] = [settings.get('uri'), settings.get('scratch')];
  return {
    libvirt: { domain: rest.slice(0, end), ...(uri !== null && { uri }) },
    ...(scratch !== null && { scratch: resolve(workingDirectory, scratch) }),
  };
}

function unknownSetting(name: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `a libvirt source has no setting ${JSON.stringify(name)}`, {
    operation: 'parse-name',
    remedy: `settings are ${SETTINGS.join(', ')}: libvirt:DOMAIN?uri=qemu:///session`,
  });
}
