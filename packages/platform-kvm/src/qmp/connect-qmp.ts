import { connect, type Socket } from 'node:net';
import { abortedError, type Call, SendenseError, type SocketAddress, throwIfAborted } from '@sendense/core';
import type { QmpClient } from './qmp-client.ts';
import { QmpSession } from './qmp-session.ts';

/** How to reach a monitor. */
export type QmpConnectOptions = {
  readonly address: SocketAddress;
  /**
   * The longest wait for QEMU's greeting; default 10 s. QEMU serves one client at a time and lets the next one wait, so
   * this is also how long another client may hold the monitor.
   */
  readonly greetingTimeoutMs?: number;
  /** The longest wait for the answer of a command; default 60 s: a flush of much dirty data takes its time. */
  readonly commandTimeoutMs?: number;
};

const CODES = {
  ENOENT: ['NOT_FOUND', 'does not exist'],
  ENOTSOCK: ['CONFIG_INVALID', 'is not a socket'],
  ECONNREFUSED: ['NOT_FOUND', 'has nobody listening: the machine does not run'],
  EACCES: ['PERMISSION_DENIED', 'may not be opened'],
  EPERM: ['PERMISSION_DENIED', 'may not be opened'],
  EINVAL: ['CONFIG_INVALID', 'is too long for a socket'],
} as const;

function cannotConnect(place: string, error: Error): SendenseError {
  const errno = 'code' in error ? String(error.code) : '';
  const known = Object.entries(CODES).find(([name]) => name === errno)?.[1];
  const [code, text] = known ?? (['CONNECTION_LOST', `cannot be reached: ${error.message}`] as const);
  return new SendenseError(code, `the QEMU monitor ${place} ${text}`, {
    operation: 'connect-qmp',
    cause: error,
    context: { place },
    remedy:
      code === 'NOT_FOUND'
        ? 'start the machine, or name the socket of its -qmp option; while it is off, back up its disk files (source image:PATH)'
        : 'name the socket of the -qmp option of the running machine, and check its owner',
  });
}

async function connected(socket: Socket, place: string, call: Call | undefined): Promise<void> {
  const { signal } = call ?? {};
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => reject(abortedError('connect-qmp', signal));
    socket.once('connect', resolve);
    socket.once('error', (error) => reject(cannotConnect(place, error)));
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('close', () => signal?.removeEventListener('abort', onAbort));
  });
}

async function greeted(session: QmpSession, place: string, afterMs: number, call?: Call): Promise<void> {
  const given = Promise.withResolvers<never>();
  const timer = setTimeout(() => given.reject(monitorBusy(place, afterMs)), afterMs);
  const onAbort = () => given.reject(abortedError('connect-qmp', call?.signal));
  call?.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([session.ready(), given.promise]);
  } finally {
    clearTimeout(timer);
    call?.signal?.removeEventListener('abort', onAbort);
  }
}

function monitorBusy(place: string, afterMs: number): SendenseError {
  return new SendenseError('LOCKED', `the QEMU monitor ${place} did not greet within ${afterMs} ms`, {
    operation: 'connect-qmp',
    remedy: 'another client holds the monitor: close it, or give QEMU a second -qmp socket for backups',
    context: { place },
  });
}

/**
 * Connects to a QEMU monitor and leaves capabilities negotiation. Rejects with `NOT_FOUND` when there is none,
 * `LOCKED` while another client has it, `PERMISSION_DENIED`, `PROTOCOL_VIOLATION` for something that is no QMP server.
 */
export async function connectQmp(options: QmpConnectOptions, call?: Call): Promise<QmpClient> {
  const { address, greetingTimeoutMs = 10_000, commandTimeoutMs = 60_000 } = options;
  throwIfAborted(call?.signal, 'connect-qmp');
  const place = address.kind === 'unix' ? address.path : `${address.host}:${address.port}`;
  const socket = address.kind === 'unix' ? connect(address.path) : connect(address.port, address.host);
  const session = new QmpSession(socket, { place, commandTimeoutMs });
  try {
    await connected(socket, place, call);
    await greeted(session, place, greetingTimeoutMs, call);
    await session.execute('qmp_capabilities', {}, call);
    return session;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}
