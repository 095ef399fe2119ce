import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectNbd, listNbdExports } from '@sendense/blockio-nbd/client';
import { Secret, type TlsOptions } from '@sendense/core';
import {
  type Certificates,
  makeCertificates,
  type NbdServerProcess,
  qemuImg,
  startNbdkit,
  startQemuNbd,
} from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

let folder: string;
let certificates: Certificates;
let server: NbdServerProcess | undefined;

type Start = (tlsFolder: string | undefined, verifyPeer?: boolean) => Promise<NbdServerProcess>;

const image = () => join(folder, 'disk.raw');
const tlsOf = (tlsFolder: string | undefined, verifyPeer: boolean) =>
  tlsFolder === undefined ? {} : { tls: { folder: tlsFolder, verifyPeer } };

const servers: readonly { readonly name: string; readonly start: Start }[] = [
  {
    name: 'qemu-nbd',
    start: (tlsFolder, verifyPeer = false) =>
      startQemuNbd({ image: image(), format: 'raw', ...tlsOf(tlsFolder, verifyPeer) }),
  },
  {
    name: 'nbdkit',
    start: (tlsFolder, verifyPeer = false) =>
      startNbdkit({ plugin: 'memory', args: ['1M'], ...tlsOf(tlsFolder, verifyPeer) }),
  },
];

/** `qemu-nbd` does not start with a certificate that has expired. */
const [, nbdkit] = servers;

const connect = ({ address }: NbdServerProcess, tls?: TlsOptions) =>
  connectNbd({ address, export: '', ...(tls === undefined ? {} : { tls }) });

describeWithPeers(['qemu-nbd', 'nbdkit', 'openssl', 'qemu-img'], 'TLS', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-tls-'));
    certificates = await makeCertificates(folder);
    await qemuImg(['create', '-q', '-f', 'raw', image(), '1M']);
  });
  afterAll(() => rm(folder, { recursive: true }));
  afterEach(async () => {
    await server?.[Symbol.asyncDispose]();
    server = undefined;
  });

  describe.each(servers)('at $name', ({ start }) => {
    it('carries reads, writes and lists once the server is verified', async () => {
      server = await start(certificates.folder);
      const tls = { caPem: certificates.caPem };
      await using disk = await connect(server, tls);
      await disk.write(4096, Buffer.alloc(300_000, 7));
      const read = Buffer.alloc(300_000);
      await disk.read(4096, read);
      expect(Buffer.compare(read, Buffer.alloc(300_000, 7))).toBe(0);
      expect(await listNbdExports({ address: server.address, tls })).toHaveLength(1);
    });

    it('shows its certificate to a server that asks for one', async () => {
      server = await start(certificates.folder, true);
      const { certificatePem, keyPem } = certificates.client;
      const tls = { caPem: certificates.caPem, certificatePem, keyPem: new Secret(keyPem) };
      await using disk = await connect(server, tls);
      await expect(disk.read(0, Buffer.alloc(512))).resolves.toBeUndefined();
    });

    it('says AUTHENTICATION_FAILED when the server refuses it without a certificate', async () => {
      server = await start(certificates.folder, true);
      await expect(connect(server, { caPem: certificates.caPem })).rejects.toMatchObject({
        code: 'AUTHENTICATION_FAILED',
        remedy: expect.stringContaining('certificatePem'),
      });
    });

    it.each([
      ['another host', () => certificates.wrongHost.folder, 'for another host'],
      ['an unknown authority', () => certificates.stranger.folder, 'unknown authority'],
    ])('refuses a certificate of %s', async (_, tlsFolder, sentence) => {
      server = await start(tlsFolder());
      await expect(connect(server, { caPem: certificates.caPem })).rejects.toMatchObject({
        code: 'UNTRUSTED_PEER',
        retry: 'never',
        message: expect.stringContaining(sentence),
      });
    });

    it('trusts nothing but the system without a CA, and any name that it is told', async () => {
      server = await start(certificates.folder);
      await expect(connect(server, {})).rejects.toMatchObject({ code: 'UNTRUSTED_PEER' });
      await server[Symbol.asyncDispose]();
      server = await start(certificates.wrongHost.folder);
      const tls = { caPem: certificates.caPem, serverName: 'elsewhere.example' };
      await using disk = await connect(server, tls);
      expect(disk.sizeBytes).toBe(1024 * 1024);
    });

    it('skips the check only when told so by its dangerous name', async () => {
      server = await start(certificates.stranger.folder);
      await using disk = await connect(server, { dangerouslySkipVerification: true });
      expect(disk.sizeBytes).toBe(1024 * 1024);
    });

    it('never goes on in the clear at a server without TLS', async () => {
      server = await start(undefined);
      await expect(connect(server, { caPem: certificates.caPem })).rejects.toMatchObject({
        code: 'UNTRUSTED_PEER',
        message: expect.stringContaining('offers no TLS'),
      });
    });

    it('says what is missing when the server lets nobody in without TLS', async () => {
      server = await start(certificates.folder);
      await expect(connect(server)).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        remedy: expect.stringContaining('tls'),
      });
    });
  });

  it('over a unix socket is verified by the name of this machine', async () => {
    const socket = join(folder, 'socket');
    const tls = { folder: certificates.folder, verifyPeer: false };
    server = await startQemuNbd({ image: image(), format: 'raw', socket, tls });
    await using disk = await connect(server, { caPem: certificates.caPem });
    expect(disk.sizeBytes).toBe(1024 * 1024);
    const elsewhere = { caPem: certificates.caPem, serverName: 'elsewhere.example' };
    await expect(connect(server, elsewhere)).rejects.toMatchObject({ code: 'UNTRUSTED_PEER' });
  });

  it('refuses a certificate that has expired', async () => {
    server = await nbdkit?.start(certificates.expired.folder);
    if (server === undefined) throw new Error('nbdkit is not in the list');
    await expect(connect(server, { caPem: certificates.caPem })).rejects.toMatchObject({
      code: 'UNTRUSTED_PEER',
      message: expect.stringContaining('has expired'),
    });
  });
});
