import { connect } from 'node:net';
import { abortedError, type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { mapErrno } from '@sendense/plugin-kit';
import type { ReloadReport } from '../service/reload-report.ts';
import { servicePaths } from '../service/service-folder.ts';
import { type ControlRequest, MAX_ANSWER_BYTES, parseAnswer } from './control-message.ts';
import { readLine } from './read-line.ts';

/**
 * Asks the service that runs in `directory`, of whatever process: `reload` reads its folder again, `list` tells what is served and
 * what the last reload refused. Rejects as `NbdService.reload`, and with `NOT_FOUND` when no service runs there, `CONNECTION_LOST` when
 * it went away before it answered.
 */
export async function callService(
  directory: string,
  request: ControlRequest['call'],
  call: Call = {},
): Promise<ReloadReport> {
  throwIfAborted(call.signal, 'call-service');
  const { control } = servicePaths(directory);
  const socket = connect(control);
  const leave = () => socket.destroy(abortedError('call-service', call.signal));
  call.signal?.addEventListener('abort', leave, { once: true });
  try {
    await connected(socket, directory);
    const line = readLine(socket, MAX_ANSWER_BYTES);
    socket.write(`${JSON.stringify({ call: request } satisfies ControlRequest)}\n`);
    const text = await line;
    throwIfAborted(call.signal, 'call-service');
    if (text === undefined) throw goneAway(directory);
    const report = parseAnswer(text);
    if (report !== undefined) return report;
    throw new SendenseError('PROTOCOL_VIOLATION', `what runs in ${directory} is no NBD service`, {
      operation: 'call-service',
    });
  } finally {
    call.signal?.removeEventListener('abort', leave);
    socket.destroy();
  }
}

function connected(socket: ReturnType<typeof connect>, directory: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    // kept: what fails later ends the line that is read
    socket.on('error', (error: NodeJS.ErrnoException) => reject(asCallError(error, directory)));
  });
}

/** A socket that nobody listens at is what a service that was killed left. */
function asCallError(error: NodeJS.ErrnoException, directory: string): unknown {
  if (SendenseError.is(error)) return error;
  if (error.code !== 'ENOENT' && error.code !== 'ECONNREFUSED')
    return mapErrno(error, 'call-service', directory);
  return new SendenseError('NOT_FOUND', `no NBD service runs in ${directory}`, {
    operation: 'call-service',
    context: { directory },
    remedy: 'start one',
  });
}

function goneAway(directory: string): SendenseError {
  return new SendenseError(
    'CONNECTION_LOST',
    `the NBD service in ${directory} went away before it answered`,
    {
      operation: 'call-service',
      context: { directory },
      remedy: 'start it again; what its folder says is served then',
    },
  );
}
