import type { Socket } from 'node:net';

/** How long a server may take to close its side after a polite goodbye. */
const GOODBYE_MS = 1000;

/** Closes a socket and resolves when it is closed; `politely` sends what is queued and waits for the other side, for a while. */
export async function closeSocket(socket: Socket, politely: boolean): Promise<void> {
  if (socket.closed) return;
  const closed = Promise.withResolvers<void>();
  socket.once('close', () => closed.resolve());
  socket.on('error', () => undefined);
  if (!politely) socket.destroy();
  else socket.end();
  const patience = setTimeout(() => socket.destroy(), GOODBYE_MS);
  try {
    await closed.promise;
  } finally {
    clearTimeout(patience);
  }
}
