import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

/** Where a server listens; the shape of core's `SocketAddress`. */
type Address =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** A running NBD server of somebody else. Disposing stops it and waits for its end. */
export interface NbdServerProcess extends AsyncDisposable {
  readonly address: Address;
  readonly pid: number;
  /** Ends it without a chance to say goodbye. */
  kill(): Promise<void>;
}

/** An NBD URI for libnbd and qemu-img. `nbds` and the query parameters of TLS are the caller's. */
export function nbdUri(address: Address, exportName = ''): string {
  const name = encodeURIComponent(exportName);
  if (address.kind === 'unix') return `nbd+unix:///${name}?socket=${encodeURIComponent(address.path)}`;
  return `nbd://${address.host}:${address.port}/${name}`;
}

const START_TIMEOUT_MS = 30_000;

/** Starts a server and waits until it listens; rejects with what it printed when it ends before that. */
export async function startServerProcess(
  program: string,
  args: readonly string[],
  address: Address,
  env: NodeJS.ProcessEnv = process.env,
): Promise<NbdServerProcess> {
  const child = execa(program, args, { env, extendEnv: false, stdin: 'ignore', all: true, reject: false });
  const ended = child.then(({ all, exitCode }) => `${program} ended (${exitCode}): ${all}`);
  const stopped = new AbortController();
  const failed = await Promise.race([ended, listens(address, stopped.signal)]);
  stopped.abort();
  if (failed !== undefined) {
    child.kill('SIGKILL');
    throw new Error(failed);
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await child;
  };
  return {
    address,
    pid: child.pid ?? 0,
    kill: () => end('SIGKILL'),
    [Symbol.asyncDispose]: () => end('SIGTERM'),
  };
}

/** Resolves with `undefined` when something listens, else with a sentence. */
async function listens(address: Address, signal: AbortSignal): Promise<string | undefined> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!signal.aborted && performance.now() < deadline) {
    if (await canConnect(address)) return undefined;
    await sleep(10);
  }
  return `nothing listens at ${JSON.stringify(address)}`;
}

function canConnect(address: Address): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = address.kind === 'unix' ? connect(address.path) : connect(address.port, address.host);
  socket.once('connect', () => {
    socket.destroy();
    resolve(true);
  });
  socket.once('error', () => resolve(false));
  return promise;
}
