import { SendenseError } from '@sendense/core';
import type { CheckedOptions } from '../options.ts';

/** What nbdkit is to serve. */
export type VddkDisk = {
  /** The server with its port, e.g. `vc.example:443`. */
  readonly host: string;
  readonly user: string;
  /** Ids of the managed objects. */
  readonly machine: string;
  readonly snapshot: string;
  /** `[datastore] folder/name.vmdk` of the snapshot. */
  readonly fileName: string;
};

/** Files of one run, in a folder that only this user may enter. */
export type VddkFiles = {
  readonly socket: string;
  /** Written by nbdkit when it takes connections. */
  readonly pid: string;
};

/** By it nbdkit inherits the password: what stands in a file is left there by a process that is killed. */
export const PASSWORD_DESCRIPTOR = 3;

/**
 * Arguments of nbdkit with its vddk plugin (nbdkit-vddk-plugin(1)): reading only, in the foreground, ended with this process. The
 * password comes by a descriptor: arguments are shown to everybody. Throws `CONFIG_INVALID` without a SHA-1.
 */
export function vddkArguments(
  { thumbprint, vddk }: Pick<CheckedOptions, 'thumbprint' | 'vddk'>,
  { host, user, machine, snapshot, fileName }: VddkDisk,
  files: VddkFiles,
): readonly string[] {
  const [, name = host, port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return [
    '--foreground',
    '--readonly',
    '--exit-with-parent',
    '--unix',
    files.socket,
    '--pidfile',
    files.pid,
    'vddk',
    `libdir=${vddk?.libdir ?? ''}`,
    `server=${name}`,
    ...(port === undefined ? [] : [`port=${port}`]),
    `user=${user}`,
    `password=-${PASSWORD_DESCRIPTOR}`,
    `thumbprint=${sha1Of(vddk?.thumbprint ?? thumbprint)}`,
    `vm=moref=${machine}`,
    `snapshot=${snapshot}`,
    ...(vddk?.transports === undefined ? [] : [`transports=${vddk.transports}`]),
    fileName,
  ];
}

/** VDDK knows certificates by their SHA-1 alone. */
function sha1Of(thumbprint: string | undefined): string {
  const digits = (thumbprint ?? '').replaceAll(/[:\s]/g, '').toLowerCase();
  if (/^[0-9a-f]{40}$/.test(digits)) return digits.replaceAll(/(..)(?=.)/g, '$1:');
  throw new SendenseError('CONFIG_INVALID', 'VDDK needs the SHA-1 of the certificate of the server', {
    operation: 'open-vddk',
    remedy: 'give it as vddk.thumbprint: openssl x509 -in certificate.pem -noout -fingerprint -sha1',
  });
}
