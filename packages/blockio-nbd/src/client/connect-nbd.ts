import { type Call, SendenseError } from '@sendense/core';
import { withTimeout } from '@sendense/plugin-kit';
import { nameNbdExport } from '@sendense/plugin-kit/nbd';
import { ExportFlag, violation } from '../protocol/index.ts';
import { NbdConnection } from './connection.ts';
import { ConnectionPool } from './connection-pool.ts';
import { negotiate, type Session } from './handshake/negotiate.ts';
import type { ConnectNbdOptions, NbdExport } from './nbd-export.ts';
import { RemoteExport } from './remote-export.ts';
import { withChannel } from './sockets/with-channel.ts';

const HANDSHAKE_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 120_000;
const ABORT_TIMEOUT_MS = 50;
/** Servers that allow one client at a time let a second one wait; this is how long for. */
const MORE_CONNECTIONS_TIMEOUT_MS = 3000;
const MAX_CONNECTIONS = 16;

/**
 * Connects to an export. The best form of the protocol that the server knows is agreed on; TLS when asked for, or nothing.
 *
 * Rejects with `NOT_FOUND` (no socket, no such export), `PERMISSION_DENIED` (TLS demanded, policy), `UNTRUSTED_PEER` (no
 * TLS, certificate), `AUTHENTICATION_FAILED` (client certificate), `CONNECTION_LOST`, `TIMEOUT`, `PROTOCOL_VIOLATION`.
 */
export async function connectNbd(options: ConnectNbdOptions, call?: Call): Promise<NbdExport> {
  const { address, tls, connections: wanted = 1, handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS } = options;
  const { abortTimeoutMs = ABORT_TIMEOUT_MS } = options;
  const subject = nameNbdExport(address, options.export, tls !== undefined);
  const first = await connectOnce(options, subject, handshakeTimeoutMs, call);
  try {
    const shared = (first.session.flags & ExportFlag.multiConnection) !== 0;
    const more = shared ? Math.min(wanted, MAX_CONNECTIONS) - 1 : 0;
    const others = await connectMore(options, { subject, session: first.session, count: more }, call);
    return new RemoteExport(new ConnectionPool([first, ...others]), { subject, abortTimeoutMs });
  } catch (error) {
    await first.close();
    throw error;
  }
}

async function connectOnce(
  options: ConnectNbdOptions,
  subject: string,
  timeoutMs: number,
  call: Call | undefined,
): Promise<NbdConnection> {
  const { address, tls, contexts = [], idleTimeoutMs = IDLE_TIMEOUT_MS } = options;
  const wanted = { exportName: options.export, tls: tls !== undefined, contexts, subject };
  const peer = { address, subject, ...(tls === undefined ? {} : { tls }) };
  try {
    return await withTimeout(
      (signal) =>
        withChannel(
          peer,
          async (channel) => {
            const session = await negotiate(channel, wanted);
            return new NbdConnection(channel.release(), { session, subject, idleTimeoutMs });
          },
          signal,
        ),
      timeoutMs,
      { operation: 'connect-nbd', ...(call?.signal === undefined ? {} : { signal: call.signal }) },
    );
  } catch (error) {
    if (!SendenseError.is(error, 'TIMEOUT')) throw error;
    throw new SendenseError('TIMEOUT', `${subject} did not let us in within ${timeoutMs} ms`, {
      operation: 'connect-nbd',
      cause: error,
      context: { timeoutMs },
      remedy: 'check that the server runs and has room for another client',
    });
  }
}

/** More connections are a matter of speed: where they fail, one does. */
async function connectMore(
  options: ConnectNbdOptions,
  {
    subject,
    session,
    count,
  }: { readonly subject: string; readonly session: Session; readonly count: number },
  call: Call | undefined,
): Promise<NbdConnection[]> {
  const timeoutMs = Math.min(options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS, MORE_CONNECTIONS_TIMEOUT_MS);
  const attempts = Array.from({ length: count }, () => connectOnce(options, subject, timeoutMs, call));
  const settled = await Promise.allSettled(attempts);
  const opened = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  try {
    for (const result of settled)
      if (result.status === 'rejected') tellOfFailure(options, subject, result.reason);
    for (const connection of opened) checkSame(session, connection.session);
    return opened;
  } catch (error) {
    await Promise.all(opened.map((connection) => connection.close()));
    throw error;
  }
}

function tellOfFailure({ log }: ConnectNbdOptions, subject: string, error: unknown): void {
  if (SendenseError.is(error, 'ABORTED')) throw error;
  const message = `${subject}: goes on with fewer connections`;
  log?.({
    level: 'warn',
    message,
    fields: { reason: error instanceof Error ? error.message : String(error) },
  });
}

/** All connections must lead to the same disk. */
function checkSame(one: Session, other: Session): void {
  const names = (session: Session): string =>
    JSON.stringify(session.contexts.map(({ name }) => name).toSorted((a, b) => (a < b ? -1 : 1)));
  const same = one.sizeBytes === other.sizeBytes && one.flags === other.flags && names(one) === names(other);
  if (!same) {
    throw violation('describes the export differently on another connection', {
      sizeBytes: [one.sizeBytes, other.sizeBytes],
      flags: [one.flags, other.flags],
    });
  }
}
