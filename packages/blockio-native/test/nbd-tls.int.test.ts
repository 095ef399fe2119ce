import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNativeDriver } from '@sendense/blockio-native';
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

const MIB = 1024 * 1024;
let folder: string;
let certificates: Certificates;
let server: NbdServerProcess | undefined;

type Start = (tlsFolder: string | undefined, verifyPeer?: boolean) => Promise<NbdServerProcess>;

const startQemu: Start = (tlsFolder, verifyPeer = false) =>
  startQemuNbd({
    image: join(folder, 'disk.raw'),
    format: 'raw',
    ...(tlsFolder === undefined ? {} : { tls: { folder: tlsFolder, verifyPeer } }),
  });
const startKit: Start = (tlsFolder, verifyPeer = false) =>
  startNbdkit({
    plugin: 'memory',
    args: ['8M'],
    ...(tlsFolder === undefined ? {} : { tls: { folder: tlsFolder, verifyPeer } }),
  });

const endpointOf = ({ address }: NbdServerProcess, tls?: TlsOptions) =>
  ({ kind: 'nbd', address, export: '', ...(tls === undefined ? {} : { tls }) }) as const;
const open = (at: NbdServerProcess, tls?: TlsOptions) => createNativeDriver().openReader(endpointOf(at, tls));

describeWithPeers(['qemu-nbd', 'nbdkit', 'openssl', 'qemu-img'], 'native TLS', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-native-tls-'));
    certificates = await makeCertificates(folder);
    await qemuImg(['create', '-q', '-f', 'raw', join(folder, 'disk.raw'), '8M']);
  });
  afterAll(() => rm(folder, { recursive: true }));
  afterEach(async () => {
    await server?.[Symbol.asyncDispose]();
    server = undefined;
  });

  describe.each([
    { name: 'qemu-nbd', start: startQemu },
    { name: 'nbdkit', start: startKit },
  ])('at $name', ({ start }) => {
    it('carries writes and reads, and a transfer, once the server is verified', async () => {
      server = await start(certificates.folder);
      const endpoint = endpointOf(server, { caPem: certificates.caPem });
      const driver = createNativeDriver();
      const data = Buffer.alloc(3 * MIB, 7);
      await using writer = await driver.openWriter(endpoint);
      await writer.write(512, data);
      await writer.flush();
      await using reader = await driver.openReader(endpoint);
      const read = Buffer.alloc(data.byteLength);
      await reader.read(512, read);
      expect(Buffer.compare(read, data)).toBe(0);
      const moved = await driver.transfer?.({
        from: [endpoint],
        to: endpoint,
        moves: Float64Array.of(0, 512, 4 * MIB, 3 * MIB),
        digest: false,
        zeros: { pieceBytes: 65_536, action: 'skip' },
      });
      expect(moved?.zeros).toEqual(new Float64Array());
      await reader.read(4 * MIB, read);
      expect(Buffer.compare(read, data)).toBe(0);
    });

    it('shows its certificate to a server that asks for one, and says when that refuses it without', async () => {
      server = await start(certificates.folder, true);
      const { certificatePem, keyPem } = certificates.client;
      const { caPem } = certificates;
      await using reader = await open(server, { caPem, certificatePem, keyPem: new Secret(keyPem) });
      await reader.read(0, Buffer.alloc(512));
      await expect(open(server, { caPem })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    });

    it.each([
      ['another host', () => certificates.wrongHost.folder, 'for another host'],
      ['an unknown authority', () => certificates.stranger.folder, 'unknown authority'],
    ])('refuses a certificate of %s', async (_, tlsFolder, sentence) => {
      server = await start(tlsFolder());
      await expect(open(server, { caPem: certificates.caPem })).rejects.toMatchObject({
        code: 'UNTRUSTED_PEER',
        retry: 'never',
        message: expect.stringContaining(sentence),
      });
    });

    it('trusts what it is told and nothing more', async () => {
      server = await start(certificates.wrongHost.folder);
      const { caPem } = certificates;
      await expect(open(server, {})).rejects.toMatchObject({ code: 'UNTRUSTED_PEER' });
      await using named = await open(server, { caPem, serverName: 'elsewhere.example' });
      await using anybody = await open(server, { dangerouslySkipVerification: true });
      expect([named.sizeBytes, anybody.sizeBytes]).toEqual([8 * MIB, 8 * MIB]);
      await expect(open(server)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    });

    it('never goes on in the clear at a server without TLS', async () => {
      server = await start(undefined);
      await expect(open(server, { caPem: certificates.caPem })).rejects.toMatchObject({
        code: 'UNTRUSTED_PEER',
        message: expect.stringContaining('offers no TLS'),
      });
    });
  });

  it('refuses a certificate that has expired', async () => {
    server = await startKit(certificates.expired.folder);
    await expect(open(server, { caPem: certificates.caPem })).rejects.toMatchObject({
      code: 'UNTRUSTED_PEER',
      message: expect.stringContaining('has expired'),
    });
  });
});
