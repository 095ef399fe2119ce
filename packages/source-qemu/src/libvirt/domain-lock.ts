import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Call, SendenseError, throwIfAborted } from '@sendense/core';

const LOOK_MS = 20;
/** Longer than libvirt lets a job wait for its turn (30 s). */
const WAIT_MS = 45_000;

/** Listens on `path`; `undefined` while another process does. */
async function listen(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  const listening = Promise.withResolvers<boolean>();
  server.once('error', (error: NodeJS.ErrnoException) =>
    error.code === 'EADDRINUSE' ? listening.resolve(false) : listening.reject(error),
  );
  server.listen(path, () => listening.resolve(true));
  return (await listening.promise) ? server : undefined;
}

/**
 * Runs `work` while no other process of ours on this host changes the jobs and checkpoints of the domain. libvirt does
 * not keep them apart: it lets a second `backup-begin` wait unseen and begin when its client is long gone, and libvirt
 * 9.0 crashes when a checkpoint is deleted while a job begins. The lock is an abstract socket of Linux: it leaves no file
 * and ends with its process. Rejects with `LOCKED` when the other one does not finish.
 *
 * @param uuid - of the domain.
 */
export async function withDomainLock<T>(uuid: string, work: () => Promise<T>, call?: Call): Promise<T> {
  const path = `\0sendense-libvirt-${uuid}`;
  for (const end = performance.now() + WAIT_MS; performance.now() < end; await delay(LOOK_MS)) {
    throwIfAborted(call?.signal, 'lock-domain');
    const server = await listen(path);
    if (server === undefined) continue;
    try {
      return await work();
    } finally {
      server.close();
    }
  }
  throw new SendenseError('LOCKED', `another process changes the checkpoints of the domain ${uuid}`, {
    operation: 'lock-domain',
    remedy: 'repeat when it has ended',
  });
}
