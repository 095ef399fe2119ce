import { connect, type Socket } from 'node:net';
import { abortedError, type SocketAddress, throwIfAborted } from '@sendense/core';
import { mapSocketError } from '../../map-error.ts';

/** Connects. The socket is paused and belongs to the caller; nothing is left when this rejects. */
export async function openSocket(
  address: SocketAddress,
  subject: string,
  signal?: AbortSignal,
): Promise<Socket> {
  throwIfAborted(signal, 'connect-nbd');
  const socket =
    address.kind === 'unix'
      ? connect({ path: address.path })
      : connect({ host: address.host, port: address.port, noDelay: true });
  const opened = Promise.withResolvers<void>();
  const abort = (): void => opened.reject(abortedError('connect-nbd', signal));
  const fail = (error: Error): void => opened.reject(mapSocketError(error, 'connect-nbd', subject));
  signal?.addEventListener('abort', abort, { once: true });
  socket.once('connect', opened.resolve).once('error', fail);
  try {
    await opened.promise;
    socket.off('error', fail);
    return socket;
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
