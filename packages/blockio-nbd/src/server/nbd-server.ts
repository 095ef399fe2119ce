import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { type LogSink, SendenseError, type SocketAddress } from '@sendense/core';
import { Budget } from '@sendense/plugin-kit';
import { Connection, type ServerContext } from './connection.ts';
import { ExportTable } from './exports/export-table.ts';
import { OpenExport } from './exports/open-export.ts';
import type { ServedExport } from './exports/served-export.ts';
import { listen } from './listen.ts';
import { checkExposure, checkLimits, type NbdServerOptions } from './server-options.ts';
import { checkTls } from './stream/secure-stream.ts';

/** A running server. Disposing it is `stop`. */
export interface NbdServer extends AsyncDisposable {
  /** Where it listens, the port that was chosen included. */
  readonly address: SocketAddress;

  /**
   * Offers a disk from now on; `''` is the export of clients that name none. Throws `ALREADY_EXISTS` for a name in use,
   * `CONFIG_INVALID` for a disk that NBD clients cannot use.
   */
  addExport(name: string, served: ServedExport): void;

  /**
   * Offers it no longer: its clients get the answers that are under way, then are hung up on. Resolves when its reader
   * and writer are not used any more. Rejects with `NOT_FOUND` for a name that is not there.
   */
  removeExport(name: string): Promise<void>;

  /** Takes no more clients and lets go of all exports as `removeExport` does. Idempotent. */
  stop(): Promise<void>;
}

const NO_LOG: LogSink = () => undefined;

/**
 * Starts a server without exports. Rejects with `CONFIG_INVALID` for limits, an address or TLS options that cannot be,
 * `ALREADY_EXISTS` for an address in use, `PERMISSION_DENIED` and `NOT_FOUND` by cause.
 */
export async function startNbdServer(options: NbdServerOptions = {}): Promise<NbdServer> {
  const { tls, address = { kind: 'tcp', host: '127.0.0.1', port: 0 }, log = NO_LOG } = options;
  const limits = checkLimits(options.limits);
  checkExposure(options);
  if (tls !== undefined) checkTls(tls);
  const exports = new ExportTable();
  const context = { exports, tls, limits, bytes: new Budget(limits.serverBytes), log };
  const clients = new Set<Connection>();
  // Half open: a client that has said all it wants may still wait for answers.
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true });
  server.maxConnections = limits.maxConnections;
  server.on('connection', (socket) => accept(socket, context, clients));
  const bound = await listen(server, address);
  server.on('error', (error) =>
    log({ level: 'error', message: `server: ${error.message}`, fields: { code: 'UNEXPECTED' } }),
  );
  return new RunningServer(server, bound, context, clients);
}

function accept(socket: Socket, context: ServerContext, clients: Set<Connection>): void {
  const client = new Connection(socket, context);
  clients.add(client);
  void client.ended.finally(() => clients.delete(client));
}

class RunningServer implements NbdServer {
  readonly address: SocketAddress;
  readonly #server: Server;
  readonly #context: ServerContext;
  readonly #clients: ReadonlySet<Connection>;
  #stopped: Promise<void> | undefined;

  constructor(
    server: Server,
    address: SocketAddress,
    context: ServerContext,
    clients: ReadonlySet<Connection>,
  ) {
    this.#server = server;
    this.address = address;
    this.#context = context;
    this.#clients = clients;
  }

  addExport(name: string, served: ServedExport): void {
    const { exports, limits } = this.#context;
    if (this.#stopped !== undefined) {
      throw new SendenseError('NOT_OPEN', 'the server has been stopped', { operation: 'add-export' });
    }
    exports.add(new OpenExport(name, served, limits.maxPayloadBytes));
  }

  async removeExport(name: string): Promise<void> {
    const entry = this.#context.exports.take(name);
    if (entry === undefined) {
      throw new SendenseError('NOT_FOUND', `the server has no export "${name}"`, {
        operation: 'remove-export',
        context: { export: name },
        remedy: 'check the name',
      });
    }
    await Promise.all([...entry.users].map((leave) => leave()));
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    await Promise.all([...this.#clients].map((client) => client.leave()));
    await closed;
  }
}
