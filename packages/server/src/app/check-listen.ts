import { SendenseError } from '@sendense/core';
import type { Access } from '../access/access.ts';
import { isLoopbackHost } from '../access/loopback.ts';
import type { ResolvedOptions } from '../options.ts';

/** Rejects with `CONFIG_INVALID` an address that others reach, unless the line is encrypted and callers have to prove who they are. */
export async function checkListen(
  { listen: { host }, tls }: Pick<ResolvedOptions, 'listen' | 'tls'>,
  access: Pick<Access, 'isGuarded'>,
): Promise<void> {
  if (isLoopbackHost(host)) return;
  const missing = [
    ...(tls === undefined ? ['tls (certificateFile and keyFile)'] : []),
    ...((await access.isGuarded()) ? [] : ['access (an API token, or an OIDC issuer)']),
  ];
  if (missing.length === 0) return;
  throw new SendenseError(
    'CONFIG_INVALID',
    `${host} is reached by others, and there is no ${missing.join(' and no ')}`,
    {
      operation: 'start-server',
      remedy: 'add it, or listen on 127.0.0.1',
      context: { host },
    },
  );
}
