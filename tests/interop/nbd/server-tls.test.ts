import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectNbd } from '@sendense/blockio-nbd/client';
import { encodeClientFlags, encodeOption, OptionCode } from '@sendense/blockio-nbd/protocol';
import {
  type NbdServer,
  type NbdServerLimits,
  type NbdServerTls,
  startNbdServer,
} from '@sendense/blockio-nbd/server';
import { Secret, type TlsOptions } from '@sendense/core';
import { type Certificates, makeCertificates, nbdInfo, qemuImg } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { ExecaError } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FileExport, makeRawFile, openFileExport } from './file-export.ts';

const MIB = 1024 * 1024;

let folder: string;
let certificates: Certificates;
let disk: FileExport;
let server: NbdServer | undefined;
const log: string[] = [];

type Pair = { readonly certificatePem: string; readonly keyPem: string };

async function start(
  own: Pair,
  more: Partial<NbdServerTls> = {},
  limits: Partial<NbdServerLimits> = {},
): Promise<number> {
  const tls = { certificatePem: own.certificatePem, keyPem: new Secret(own.keyPem), ...more };
  server = await startNbdServer({ tls, limits, log: ({ message }) => log.push(message) });
  server.addExport('', disk);
  if (server.address.kind !== 'tcp') throw new Error('not a TCP server');
  return server.address.port;
}

/** A folder as GnuTLS clients want it: whom to trust, and what to show. */
async function clientFolder(caPem: string, own?: Pair): Promise<string> {
  const path = await mkdtemp(join(folder, 'client-'));
  await writeFile(join(path, 'ca-cert.pem'), caPem);
  if (own !== undefined) {
    await writeFile(join(path, 'client-cert.pem'), own.certificatePem);
    await writeFile(join(path, 'client-key.pem'), own.keyPem);
  }
  return path;
}

type Client = {
  readonly name: string;
  /** Opens the export, showing `own` if given and trusting `caPem`. */
  readonly open: (port: number, caPem: string, own?: Pair) => Promise<unknown>;
  /** Opens it without TLS. */
  readonly plain: (port: number) => Promise<unknown>;
};

/** What a client says when it does not get in; `in` when it does. The command line of a program is left out. */
async function refusalOf(opening: Promise<unknown>): Promise<string> {
  try {
    await opening;
    return 'in';
  } catch (error) {
    if (error instanceof ExecaError) return String(error.stderr);
    return error instanceof Error ? error.message : String(error);
  }
}

function qemuClient(recent: boolean): Client {
  const image = (port: number, tls: string) =>
    `driver=raw,file.driver=nbd,file.host=localhost,file.port=${port}${tls}`;
  return {
    name: recent ? 'recent qemu-img' : 'qemu-img',
    open: async (port, caPem, own) => {
      const path = await clientFolder(caPem, own);
      const credentials = `tls-creds-x509,id=t,endpoint=client,dir=${path},verify-peer=on`;
      const args = ['--object', credentials, '--image-opts', image(port, ',file.tls-creds=t')];
      return qemuImg(['info', ...args], { recent });
    },
    plain: (port) => qemuImg(['info', '--image-opts', image(port, '')], { recent }),
  };
}

function ownOptions(caPem: string, own?: Pair): TlsOptions {
  if (own === undefined) return { caPem };
  return { caPem, certificatePem: own.certificatePem, keyPem: new Secret(own.keyPem) };
}

const clients: readonly Client[] = [
  {
    name: 'nbdinfo',
    open: async (port, caPem, own) => {
      const path = await clientFolder(caPem, own);
      return nbdInfo(`nbds://localhost:${port}/?tls-certificates=${path}`);
    },
    plain: (port) => nbdInfo(`nbd://localhost:${port}/`),
  },
  qemuClient(false),
  qemuClient(true),
  {
    name: 'our client',
    open: async (port, caPem, own) => {
      const address = { kind: 'tcp', host: '127.0.0.1', port } as const;
      await using opened = await connectNbd({ address, export: '', tls: ownOptions(caPem, own) });
      return opened.sizeBytes;
    },
    plain: async (port) => {
      const address = { kind: 'tcp', host: '127.0.0.1', port } as const;
      await using opened = await connectNbd({ address, export: '' });
      return opened.sizeBytes;
    },
  },
];

const peers = ['nbdinfo', 'qemu-img', 'qemu-recent', 'openssl'];

describeWithPeers(peers, 'the TLS of our server', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-tls-'));
    certificates = await makeCertificates(folder);
    await makeRawFile(join(folder, 'disk.raw'), MIB, []);
    disk = await openFileExport(join(folder, 'disk.raw'));
  });
  afterAll(async () => {
    await disk[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  afterEach(async () => {
    await server?.stop();
    log.length = 0;
  });

  describe.each(clients)('to $name', ({ open, plain }) => {
    it('lets in who trusts it, and nobody in the clear', async () => {
      const port = await start(certificates.server);
      await open(port, certificates.caPem);
      expect(await refusalOf(plain(port))).toMatch(/TLS|operation not supported/i);
    });

    it('lets in who comes in the clear where TLS is not required', async () => {
      const port = await start(certificates.server, { required: false });
      expect(await refusalOf(open(port, certificates.caPem))).toBe('in');
      expect(await refusalOf(plain(port))).toBe('in');
    });

    it.each(['wrongHost', 'expired'] as const)(
      'is not trusted with a certificate that is %s',
      async (which) => {
        const port = await start(certificates[which]);
        await expect(open(port, certificates.caPem)).rejects.toThrow();
      },
    );

    it('is not trusted with a certificate of an unknown authority', async () => {
      const port = await start(certificates.stranger.server);
      expect(await refusalOf(open(port, certificates.caPem))).toMatch(/certificate/i);
      expect(await refusalOf(open(port, certificates.stranger.caPem))).toBe('in');
    });

    it('lets in with a certificate of its authority only, where it asks for one', async () => {
      const port = await start(certificates.server, { clientCaPem: certificates.caPem });
      expect(await refusalOf(open(port, certificates.caPem))).not.toBe('in');
      expect(await refusalOf(open(port, certificates.caPem, certificates.stranger.client))).not.toBe('in');
      await expect
        .poll(() => log)
        .toContain('client cut off: the client showed no certificate that is trusted');
      expect(await refusalOf(open(port, certificates.caPem, certificates.client))).toBe('in');
    });
  });

  it('is never begun by bytes that were sent in the clear after it was asked for', async () => {
    const port = await start(certificates.server);
    const { socket, closed } = await rawClient(port);
    socket.write(
      Buffer.concat([encodeClientFlags(3), encodeOption(OptionCode.startTls), encodeOption(OptionCode.list)]),
    );
    await closed;
    expect(log).toContain('client cut off: the client sent data in the clear after it asked for TLS');
  });

  it('is given up on a client that asks for it and then says nothing', async () => {
    const port = await start(certificates.server, {}, { handshakeTimeoutMs: 100 });
    const { socket, closed } = await rawClient(port);
    socket.write(Buffer.concat([encodeClientFlags(3), encodeOption(OptionCode.startTls)]));
    await closed;
    await expect.poll(() => log).toHaveLength(1);
  });

  it('is given up on a client that talks something else', async () => {
    const port = await start(certificates.server);
    const { socket, closed } = await rawClient(port);
    socket.write(Buffer.concat([encodeClientFlags(3), encodeOption(OptionCode.startTls)]));
    // The greeting, then the acknowledgement.
    for (let bytes = 0; bytes < 18 + 20; ) bytes += ((await once(socket, 'data'))[0] as Buffer).byteLength;
    socket.write(Buffer.alloc(500, 7));
    await closed;
    await expect.poll(() => log).toContain('client cut off: the TLS handshake failed');
  });
});

/** A client that says what it is told to; `closed` resolves when the server has hung up. */
async function rawClient(port: number): Promise<{ socket: Socket; closed: Promise<unknown> }> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  return { socket, closed: new Promise((resolve) => socket.once('close', resolve)) };
}
