import type { Call, SocketAddress, TlsOptions } from '@sendense/core';
import { withTimeout } from '@sendense/plugin-kit';
import { nameNbdExport } from '@sendense/plugin-kit/nbd';
import {
  encodeOption,
  type ListedExport,
  OptionCode,
  OptionReplyType,
  parseListedExport,
} from '../protocol/index.ts';
import { agreeOnStyle } from './handshake/agree-on-style.ts';
import { listContexts } from './handshake/ask-contexts.ts';
import { askOption, refusalError } from './handshake/ask-option.ts';
import { greet } from './handshake/greet.ts';
import { closeSocket } from './sockets/close-socket.ts';
import type { SocketChannel } from './sockets/socket-channel.ts';
import { withChannel } from './sockets/with-channel.ts';

/** A server to ask. */
export type NbdServerOptions = {
  readonly address: SocketAddress;
  /** With it the connection is encrypted or refused, never plain. */
  readonly tls?: TlsOptions;
  /** Longest wait for the whole answer, in milliseconds; default 30 000. */
  readonly timeoutMs?: number;
};

/** Exports of one server that are listed at most. */
const MAX_EXPORTS = 10_000;

/** The exports that a server lists. Rejects as `connectNbd` does, and with `PERMISSION_DENIED` where listing is forbidden. */
export function listNbdExports(server: NbdServerOptions, call?: Call): Promise<readonly ListedExport[]> {
  return ask(server, '', call, async (channel, subject) => {
    const { replies, refusal } = await askOption(channel, {
      option: OptionCode.list,
      replyType: OptionReplyType.server,
      maxReplies: MAX_EXPORTS,
    });
    if (refusal !== undefined) throw refusalError(refusal, 'list-nbd-exports', subject);
    return replies.map(parseListedExport);
  });
}

/** The contexts of an export that match `queries`; all when there are none. Some servers answer with wildcards. */
export function listNbdContexts(
  server: NbdServerOptions,
  query: { readonly export: string; readonly queries?: readonly string[] },
  call?: Call,
): Promise<readonly string[]> {
  const { export: exportName, queries = [] } = query;
  return ask(server, exportName, call, async (channel, subject) => {
    if ((await agreeOnStyle(channel, subject)) === 'simple') return [];
    return listContexts(channel, { exportName, queries }, subject);
  });
}

function ask<T>(
  { address, tls, timeoutMs = 30_000 }: NbdServerOptions,
  exportName: string,
  call: Call | undefined,
  question: (channel: SocketChannel, subject: string) => Promise<T>,
): Promise<T> {
  const subject = nameNbdExport(address, exportName, tls !== undefined);
  const peer = { address, subject, ...(tls === undefined ? {} : { tls }) };
  const run = (signal: AbortSignal): Promise<T> =>
    withChannel(
      peer,
      async (channel) => {
        await greet(channel, tls !== undefined, subject);
        const answer = await question(channel, subject);
        channel.send(encodeOption(OptionCode.abort));
        const { socket, drain } = channel.release();
        drain(() => undefined);
        await closeSocket(socket, true);
        return answer;
      },
      signal,
    );
  const signal = call?.signal;
  return withTimeout(run, timeoutMs, {
    operation: 'ask-nbd-server',
    ...(signal === undefined ? {} : { signal }),
  });
}
