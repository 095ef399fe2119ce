import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Command,
  ExportFlag,
  encodeGreeting,
  encodeInfo,
  encodeOptionReply,
  encodeSimpleReply,
  type NbdRequest,
  OptionCode,
  OptionReplyType,
  parseOptionHeader,
  parseRequest,
  requestBytes,
} from '@sendense/blockio-nbd/protocol';
import type { SocketAddress } from '@sendense/core';

/** What a server does with a request; without it the request is never answered. */
export type Answer = (
  request: NbdRequest,
  data: Uint8Array,
  socket: Pick<Socket, 'write' | 'destroy' | 'end'>,
) => void;

/** A server that does what a test says. */
export type ScriptedServer = AsyncDisposable & {
  readonly address: SocketAddress;
  readonly requests: readonly NbdRequest[];
  /** Connections so far. */
  readonly connections: () => number;
  /** Connections that are open. */
  readonly open: () => number;
};

export type Script = {
  /** By the number of the connection, from 1. */
  readonly sizeOf?: (connection: number) => number;
  readonly sizeBytes?: number;
  readonly flags?: number;
  readonly answer?: Answer;
  /** Replaces the greeting. */
  readonly greeting?: Uint8Array;
  /** Agrees on 64-bit headers. */
  readonly extended?: true;
  /** Answers option TLS with these bytes. */
  readonly startTls?: Uint8Array;
};

const DEFAULT_FLAGS = ExportFlag.hasFlags | ExportFlag.flush | ExportFlag.multiConnection;

/** Success without data. */
export const succeed: Answer = ({ cookie }, _, socket) =>
  socket.write(encodeSimpleReply({ cookie, errno: 0 }));

/** Starts a scripted server on a unix socket. */
export async function startScriptedServer(script: Script): Promise<ScriptedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-script-'));
  const requests: NbdRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    const sizeBytes = script.sizeOf?.(connections) ?? script.sizeBytes ?? 1024 * 1024;
    serve(socket, { ...script, sizeBytes }, requests).catch(() => socket.destroy());
  });
  const path = join(folder, 'socket');
  server.listen(path);
  await once(server, 'listening');
  return {
    address: { kind: 'unix', path },
    requests,
    connections: () => connections,
    open: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
      await rm(folder, { recursive: true });
    },
  };
}

/** The next `length` bytes; rejects at the end. */
async function take(socket: Socket, length: number): Promise<Uint8Array> {
  for (;;) {
    const bytes: unknown = length === 0 ? new Uint8Array() : socket.read(length);
    if (bytes instanceof Uint8Array && bytes.byteLength === length) return bytes;
    if (socket.destroyed || socket.readableEnded) throw new Error('the client is gone');
    await change(socket);
  }
}

/** Resolves when there may be more to read, or never will be. */
function change(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const events = ['readable', 'end', 'close'];
  const wake = () => {
    for (const event of events) socket.off(event, wake);
    resolve();
  };
  for (const event of events) socket.on(event, wake);
  return promise;
}

async function serve(socket: Socket, script: Script, requests: NbdRequest[]): Promise<void> {
  const style = script.extended === true ? 'extended' : 'simple';
  socket.write(script.greeting ?? encodeGreeting(3));
  await take(socket, 4);
  while (!(await takeOption(socket, script)));
  for (;;) {
    const request = parseRequest(await take(socket, requestBytes(style)), style);
    const data = await take(socket, request.command === Command.write ? request.length : 0);
    requests.push(request);
    if (request.command === Command.disconnect) {
      socket.end();
      return;
    }
    script.answer?.(request, data, socket);
  }
}

/** Answers an option; `true` when the transmission begins. */
async function takeOption(socket: Socket, script: Script): Promise<boolean> {
  const { sizeBytes = 1024 * 1024, flags = DEFAULT_FLAGS } = script;
  const { option, dataBytes } = parseOptionHeader(await take(socket, 16));
  await take(socket, dataBytes);
  if (option === OptionCode.startTls && script.startTls !== undefined) socket.write(script.startTls);
  else if (option === OptionCode.extendedHeaders && script.extended === true) {
    socket.write(encodeOptionReply(option, OptionReplyType.ack));
  } else if (option === OptionCode.go) {
    const info = encodeInfo({ kind: 'export', sizeBytes, flags });
    socket.write(encodeOptionReply(option, OptionReplyType.info, info));
    socket.write(encodeOptionReply(option, OptionReplyType.ack));
    return true;
  } else socket.write(encodeOptionReply(option, OptionReplyType.errUnsupported));
  return false;
}
