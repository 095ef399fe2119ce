import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Call, SendenseError, type SocketAddress } from '@sendense/core';
import type { QmpClient } from '@sendense/platform-kvm/qmp';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { queryExports } from './queries.ts';

/** Paths of sockets hold 107 bytes (Linux, unix(7)). */
const MAX_SOCKET_PATH = 107;

/** Where the NBD server of the machine behind `monitor` listens: beside the monitor, where QEMU may make sockets. */
export function nbdSocketOf(monitor: string): string {
  const digest = createHash('sha256').update(monitor).digest('hex').slice(0, 12);
  const beside = join(dirname(monitor), `sendense-${digest}.nbd`);
  return Buffer.byteLength(beside) <= MAX_SOCKET_PATH ? beside : join(tmpdir(), `sendense-${digest}.nbd`);
}

/** Whether anybody listens at `path`. */
async function listens(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}

/**
 * The one NBD server that a QEMU can have. It is started for the first capture and stopped after the last; one that
 * somebody else started is used only when its address is given, and never stopped.
 */
export class NbdService {
  readonly address: SocketAddress;
  readonly #path: string | undefined;

  readonly #fileSystem: FileSystem;

  constructor(monitor: string, given: SocketAddress | undefined, fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
    this.#path = given === undefined ? nbdSocketOf(monitor) : undefined;
    this.address = given ?? { kind: 'unix', path: nbdSocketOf(monitor) };
  }

  /** Rejects with `LOCKED` when another NBD server runs in this QEMU. */
  async start(qmp: QmpClient, call?: Call): Promise<void> {
    if (this.#path === undefined) return;
    try {
      await qmp.execute('nbd-server-start', { addr: { type: 'unix', data: { path: this.#path } } }, call);
    } catch (error) {
      if (!SendenseError.is(error, 'ALREADY_EXISTS')) throw error;
      if (!(await listens(this.#path))) throw otherServer(error);
    }
  }

  /** Stops our server when nothing is exported any more. */
  async stop(qmp: QmpClient): Promise<void> {
    if (this.#path === undefined || (await queryExports(qmp)).some(({ type }) => type === 'nbd')) return;
    if ((await this.#fileSystem.stat(this.#path)) === undefined) return; // then it is not ours
    try {
      await qmp.execute('nbd-server-stop');
    } catch (error) {
      if (!SendenseError.is(error, 'NOT_OPEN')) throw error; // stopped already is as good
    }
  }
}

function otherServer(cause: unknown): SendenseError {
  return new SendenseError(
    'LOCKED',
    'another program runs the NBD server of this QEMU, which can have only one',
    {
      operation: 'start-nbd-server',
      cause,
      remedy: 'stop it (nbd-server-stop), or give its address in the option "nbd" so that it is shared',
    },
  );
}
