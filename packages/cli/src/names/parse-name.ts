import { SendenseError } from '@sendense/core';

/** What a name on the command line is for. */
export type NameUse = 'source' | 'repository' | 'target';

/** A name with its kind in front: `image:/disk.raw` → `image` and `/disk.raw`. */
export type InlineName = { readonly kind: string; readonly rest: string };

/** Kinds of other packages: known words, so that the error can say what is missing. */
const ELSEWHERE: Readonly<Record<NameUse, readonly string[]>> = {
  source: ['qemu', 'libvirt', 'vmware', 'cloudstack', 'hyperv', 'aws', 'azure', 'nutanix'],
  repository: ['dir', 's3', 'azure'],
  target: ['qemu', 'libvirt', 'vmware', 'cloudstack', 'hyperv', 'aws', 'azure', 'nutanix'],
};

function refuseCredentials(use: NameUse, rest: string): void {
  if (!/^\/\/[^/]*@/.test(rest) && !/[?&](password|passphrase|secret|token|key)=/i.test(rest)) return;
  throw new SendenseError(
    'CONFIG_INVALID',
    `the --${use} holds a credential, which other users of this machine can read in the list of processes`,
    {
      operation: 'parse-name',
      remedy: 'give credentials by environment, by file or at the prompt, and change the one that was shown',
    },
  );
}

/** Splits `kind:rest`; `undefined` when the text has no kind. Throws `CONFIG_INVALID` when it holds a credential. */
export function parseInlineName(use: NameUse, text: string): InlineName | undefined {
  const match = /^([a-z][a-z0-9-]*):(.*)$/s.exec(text);
  if (match === null) return undefined;
  const [, kind = '', rest = ''] = match;
  refuseCredentials(use, rest);
  return { kind, rest };
}

/** The error for a kind that this program does not have. */
export function unknownKind(use: NameUse, kind: string, offered: readonly string[]): SendenseError {
  const offers = offered.map((name) => `${name}:…`).join(' or ');
  if (ELSEWHERE[use].includes(kind)) {
    return new SendenseError('UNSUPPORTED', `no connector for ${kind}: as a ${use} is installed`, {
      operation: 'parse-name',
      remedy: `use ${offers}`,
    });
  }
  return new SendenseError('CONFIG_INVALID', `${kind}: is no kind of ${use}`, {
    operation: 'parse-name',
    remedy: `use ${offers}, or a name from the configuration file`,
  });
}
