import { abortedError, throwIfAborted } from '@sendense/core';
import { openSocket } from './open-socket.ts';
import { type ChannelPeer, SocketChannel } from './socket-channel.ts';

/**
 * Connects and runs a conversation; a conversation that succeeds releases the socket or leaves it to be closed here. When
 * it fails, or the signal fires, the socket is destroyed.
 */
export async function withChannel<T>(
  peer: ChannelPeer,
  talk: (channel: SocketChannel) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const how = { subject: peer.subject, tls: peer.tls !== undefined };
  const channel = new SocketChannel(await openSocket(peer.address, how, signal), peer);
  const abort = (): void => channel.destroy(abortedError('connect-nbd', signal));
  signal?.addEventListener('abort', abort, { once: true });
  try {
    throwIfAborted(signal, 'connect-nbd');
    return await talk(channel);
  } catch (error) {
    channel.destroy(abortedError('connect-nbd', signal, error));
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
