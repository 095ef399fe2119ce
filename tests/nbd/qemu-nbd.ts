import { freePort } from './free-port.ts';
import { type NbdServerProcess, startServerProcess } from './nbd-server-process.ts';
import { type QemuChoice, qemuEnvironment } from './peer-programs.ts';

/** What `qemu-nbd` serves. */
export type QemuNbdOptions = QemuChoice & {
  readonly image: string;
  readonly format: 'raw' | 'qcow2';
  /** Path of the unix socket; without it a free TCP port of the loopback. */
  readonly socket?: string;
  readonly export?: string;
  readonly readOnly?: boolean;
  /** Bitmap to offer as context `qemu:dirty-bitmap:NAME`. */
  readonly bitmap?: string;
  readonly allocationDepth?: boolean;
  /** Folder with `ca-cert.pem`, `server-cert.pem` and `server-key.pem`; `verifyPeer` asks for a client certificate. */
  readonly tls?: { readonly folder: string; readonly verifyPeer: boolean };
  /** Most clients at once; default 16. */
  readonly clients?: number;
};

/** Starts `qemu-nbd`; it serves until it is disposed. */
export async function startQemuNbd(options: QemuNbdOptions): Promise<NbdServerProcess> {
  const { image, format, socket, tls } = options;
  const address =
    socket === undefined
      ? ({ kind: 'tcp', host: '127.0.0.1', port: await freePort() } as const)
      : ({ kind: 'unix', path: socket } as const);
  const where = address.kind === 'unix' ? ['-k', address.path] : ['-b', '127.0.0.1', '-p', `${address.port}`];
  const args = ['-t', '-e', `${options.clients ?? 16}`, '-f', format, ...where];
  if (options.export !== undefined) args.push('-x', options.export);
  if (options.readOnly === true) args.push('-r');
  if (options.bitmap !== undefined) args.push('-B', options.bitmap);
  if (options.allocationDepth === true) args.push('-A');
  if (tls !== undefined) {
    const verify = tls.verifyPeer ? 'on' : 'off';
    args.push('--object', `tls-creds-x509,id=tls0,endpoint=server,dir=${tls.folder},verify-peer=${verify}`);
    args.push('--tls-creds', 'tls0');
  }
  return startServerProcess('qemu-nbd', [...args, image], address, qemuEnvironment(options));
}
