import { once } from 'node:events';
import type { Command } from 'commander';
import type { CommonOptions } from '../program/common-flags.ts';
import { parseAddress } from '../program/flag-values.ts';
import { serverOptions } from '../session/server-options.ts';
import { serverServices } from '../session/server-services.ts';
import { defineVerb } from '../verb.ts';

type Options = CommonOptions & { readonly listen?: string };

function flags(command: Command): Command {
  return command.option(
    '--listen <host:port>',
    'where; other addresses than those of this machine need TLS and access (default: a free port of 127.0.0.1)',
    parseAddress,
  );
}

/** `server start` */
export const serverStart = defineVerb<Options>({
  words: ['server', 'start'],
  summary: 'serve the HTTP API until SIGINT, SIGTERM or SIGHUP',
  flags,
  async run(session, { listen, json }) {
    const hangup = new AbortController();
    // before it starts: a SIGHUP that nobody listens for would end this process as it stands
    const endHangup = session.host.onHangup(() => hangup.abort());
    // with its libraries it is for this verb alone
    const { startServer } = await import('@sendense/server');
    const server = session.own(
      await startServer(serverOptions(session, listen), await serverServices(session)),
    );
    const { url } = server;
    session.host.stdout.write(`${json === true ? JSON.stringify({ url }) : `listening at ${url}`}\n`);
    const stop = AbortSignal.any([session.stop.signal, hangup.signal]);
    if (!stop.aborted) await once(stop, 'abort');
    await server.close();
    endHangup();
    return { json: { url, stopped: true }, lines: ['stopped'] };
  },
});
