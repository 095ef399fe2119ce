import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import type { Server } from 'node:net';
import type { SendenseError, SocketAddress } from '@sendense/core';
import { type ErrorTable, mapByTable } from '@sendense/plugin-kit';

const ERRORS: ErrorTable = {
  EADDRINUSE: [
    'ALREADY_EXISTS',
    'is in use',
    'choose another address; remove the socket file if no server is behind it',
  ],
  // A unix socket in a folder that does not exist gives EACCES too.
  EACCES: [
    'PERMISSION_DENIED',
    'cannot be listened on',
    'choose an existing folder, or a port, that this user may use',
  ],
  EADDRNOTAVAIL: ['NOT_FOUND', 'is not an address of this machine', 'listen on an address of this machine'],
};

/** Listens and returns the address, with the port that was chosen. A unix socket is made for its owner alone. */
export async function listen(server: Server, address: SocketAddress): Promise<SocketAddress> {
  try {
    if (address.kind === 'unix') {
      server.listen(address.path);
      await once(server, 'listening');
      await chmod(address.path, 0o600);
      return address;
    }
    server.listen(address.port, address.host);
    await once(server, 'listening');
  } catch (error) {
    server.close();
    throw mapListenError(error, address);
  }
  const bound = server.address();
  return { ...address, port: typeof bound === 'object' && bound !== null ? bound.port : address.port };
}

function mapListenError(error: unknown, address: SocketAddress): SendenseError {
  const subject = address.kind === 'unix' ? address.path : `${address.host}:${address.port}`;
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  const vendorCode = typeof code === 'string' ? code : '';
  return mapByTable(error, ERRORS, { operation: 'start-nbd-server', subject, vendorCode });
}
