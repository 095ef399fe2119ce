import { resolve } from 'node:path';
import type { ServerOptions } from '@sendense/server';
import type { Session } from './session.ts';
import { splitAddress } from './split-address.ts';
import { serverDirectory } from './token-place.ts';

/** What the configuration says of the HTTP service; `listen` (`HOST:PORT`) comes first. */
export function serverOptions(session: Session, listen: string | undefined): ServerOptions {
  const { server } = session.config;
  const pathOf = (path: string) => resolve(session.host.workingDirectory, path);
  const address = listen ?? server.listen;
  return {
    stateDirectory: serverDirectory(session),
    ...(address !== undefined && { listen: splitAddress(address) }),
    ...(server.tls !== undefined && {
      tls: {
        certificateFile: pathOf(server.tls.certificateFile),
        keyFile: pathOf(server.tls.keyFile),
      },
    }),
    ...(server.access !== undefined && { access: server.access }),
    ...(server.rates !== undefined && { rates: server.rates }),
    ...(server.audit !== undefined && { audit: server.audit }),
    ...(server.browse !== undefined && { browse: server.browse }),
    ...(server.mounts !== undefined && { mounts: server.mounts }),
  };
}
