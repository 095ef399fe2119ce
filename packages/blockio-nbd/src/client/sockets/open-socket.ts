import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { abortedError, type SocketAddress, throwIfAborted } from '@sendense/core';
import { mapSocketError } from '@sendense/plugin-kit/nbd';
import { ByteFeed } from './byte-feed.ts';

/** An open socket; `feed` when it is read by one. */
export type OpenSocket = { readonly socket: Socket; readonly feed?: ByteFeed };

/**
 * Connects. The socket is paused and belongs to the caller; nothing is left when this rejects. A socket that TLS will be
 * put on is read as a plain stream.
 */
export async function openSocket(
  address: SocketAddress,
  { subject, tls }: { readonly subject: string; readonly tls: boolean },
  signal?: AbortSignal,
): Promise<OpenSocket> {
  throwIfAborted(signal, 'connect-nbd');
  const feed = new ByteFeed();
  const socket = connect({ ...connectOptions(address), ...(tls ? {} : { onread: feed.onread }) });
  feed.attach(socket);
  const opened = Promise.withResolvers<void>();
  const abort = (): void => opened.reject(abortedError('connect-nbd', signal));
  const fail = (error: Error): void => opened.reject(mapSocketError(error, 'connect-nbd', subject));
  signal?.addEventListener('abort', abort, { once: true });
  socket.once('connect', opened.resolve).once('error', fail);
  try {
    await opened.promise;
    socket.off('error', fail);
    return tls ? { socket } : { socket, feed };
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function connectOptions(address: SocketAddress): NetConnectOpts {
  if (address.kind === 'unix') return { path: address.path };
  return { host: address.host, port: address.port, noDelay: true };
}
