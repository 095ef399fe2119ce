import { freePort } from './free-port.ts';
import { type NbdServerProcess, startServerProcess } from './nbd-server-process.ts';

/** What `nbdkit` serves. */
export type NbdkitOptions = {
  /** E.g. `memory`, `file`, `data`, `pattern`. */
  readonly plugin: string;
  /** Arguments of the plugin and the filters, e.g. `1M`, `error-pread=EIO`. */
  readonly args?: readonly string[];
  /** Outermost first, e.g. `error`, `delay`, `blocksize-policy`, `stats`, `checkwrite`. */
  readonly filters?: readonly string[];
  /** Flags of nbdkit itself, e.g. `--no-sr`. */
  readonly flags?: readonly string[];
  /** Path of the unix socket; without it a free TCP port of the loopback. */
  readonly socket?: string;
  readonly readOnly?: boolean;
  /** Folder with `ca-cert.pem`, `server-cert.pem` and `server-key.pem`; plain connections are refused. */
  readonly tls?: { readonly folder: string; readonly verifyPeer: boolean };
};

/** Starts `nbdkit`; it serves until it is disposed. */
export async function startNbdkit(options: NbdkitOptions): Promise<NbdServerProcess> {
  const { socket, tls, filters = [], flags = [] } = options;
  const address =
    socket === undefined
      ? ({ kind: 'tcp', host: '127.0.0.1', port: await freePort() } as const)
      : ({ kind: 'unix', path: socket } as const);
  const where = address.kind === 'unix' ? ['-U', address.path] : ['-i', '127.0.0.1', '-p', `${address.port}`];
  const args = ['-f', ...where, ...flags, ...filters.map((filter) => `--filter=${filter}`)];
  if (options.readOnly === true) args.push('-r');
  if (tls !== undefined) {
    args.push('--tls=require', `--tls-certificates=${tls.folder}`);
    if (tls.verifyPeer) args.push('--tls-verify-peer');
  }
  return startServerProcess('nbdkit', [...args, options.plugin, ...(options.args ?? [])], address);
}
