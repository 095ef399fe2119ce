import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { SendenseError } from '@sendense/core';
import { mapErrno } from '@sendense/plugin-kit';
import type { ReloadReport } from '../service/reload-report.ts';
import {
  type ControlRequest,
  MAX_REQUEST_BYTES,
  parseRequest,
  serializeFailure,
  serializeReport,
} from './control-message.ts';
import { readLine } from './read-line.ts';

/** Longest silence of somebody who asks, in milliseconds. */
const SILENCE_MS = 10_000;
/** Most that ask at once. */
const MAX_CONNECTIONS = 32;

/** Does what a request asks for. */
export type AnswerRequest = (request: ControlRequest) => Promise<ReloadReport>;

/**
 * Answers requests at a unix socket, which is its owner's alone, until it is disposed. `answered` is called when an answer was sent.
 */
export async function serveControl(
  path: string,
  answer: AnswerRequest,
  answered: () => void,
): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setTimeout(SILENCE_MS);
    // whoever asked and went away misses the answer
    socket.on('error', () => socket.destroy());
    void serveOne(socket, answer).then(() => {
      sockets.delete(socket);
      answered();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(path);
  try {
    await once(server, 'listening');
    await chmod(path, 0o600);
  } catch (error) {
    server.close();
    throw mapErrno(error, 'listen-control', path);
  }
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroySoon();
      await closed;
    },
  };
}

async function serveOne(socket: Socket, answer: AnswerRequest): Promise<void> {
  const line = await readLine(socket, MAX_REQUEST_BYTES);
  const request = line === undefined ? undefined : parseRequest(line);
  // an answer may take longer than a request
  socket.setTimeout(0);
  const text = request === undefined ? serializeFailure(notAsked()) : await textOf(answer, request);
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    if (socket.destroyed) resolve();
    // a peer that never ends its side keeps no place
    else socket.end(text, () => socket.destroySoon());
  });
}

async function textOf(answer: AnswerRequest, request: ControlRequest): Promise<string> {
  try {
    return serializeReport(await answer(request));
  } catch (error) {
    if (SendenseError.is(error)) return serializeFailure(error);
    const message = error instanceof Error ? error.message : String(error);
    return serializeFailure(
      new SendenseError('UNEXPECTED', message, { operation: request.call, cause: error }),
    );
  }
}

function notAsked(): SendenseError {
  return new SendenseError(
    'PROTOCOL_VIOLATION',
    'the NBD service was asked for something that it does not know',
    {
      operation: 'read-request',
    },
  );
}
