import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@sendense/core';
import { type Certificates, makeCertificates } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { startTestVcenter, type TestVcenter } from '@sendense/tests/vmware';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SoapChannel } from '../src/http/soap-channel.ts';
import { createTrustedAgent } from '../src/http/trusted-agent.ts';
import { connectVim, type VimOptions, type VimTrust } from '../src/index.ts';

describeWithPeers(['test-vcenter', 'openssl'], 'the certificate of a vCenter', () => {
  let folder: string;
  let certificates: Certificates;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-trust-'));
    certificates = await makeCertificates(folder);
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function serve(from: string): Promise<TestVcenter> {
    const [certificateFile, keyFile] = ['server-cert.pem', 'server-key.pem'].map((file) => join(from, file));
    return startTestVcenter({
      machines: 0,
      certificate: { certificateFile: certificateFile ?? '', keyFile: keyFile ?? '' },
    });
  }

  async function login(server: TestVcenter, trust: VimTrust): Promise<string> {
    const account = { address: server.url, user: server.user, password: new Secret(server.password) };
    await using client = await connectVim({ ...account, ...trust });
    return client.content.about.kind;
  }

  it('is trusted by its authority', async () => {
    await using server = await serve(certificates.folder);
    expect(await login(server, { caPem: certificates.caPem })).toBe('vcenter');
    await expect(login(server, {})).rejects.toMatchObject({ code: 'UNTRUSTED_PEER' });
    await expect(login(server, { caPem: certificates.stranger.caPem })).rejects.toMatchObject({
      code: 'UNTRUSTED_PEER',
    });
  });

  describe('that is self-signed', () => {
    let server: TestVcenter;
    beforeAll(async () => {
      server = await startTestVcenter({ machines: 0 });
    });
    afterAll(() => server[Symbol.asyncDispose]());

    it('is refused, and told so', async () => {
      await expect(login(server, {})).rejects.toMatchObject({
        code: 'UNTRUSTED_PEER',
        remedy: expect.any(String),
      });
    });

    it('is trusted by its SHA-256 or SHA-1, written in any way', async () => {
      const { fingerprint } = new X509Certificate(await readFile(server.caFile));
      const bare = server.thumbprint.replaceAll(':', '').toLowerCase();
      for (const thumbprint of [server.thumbprint, bare, fingerprint])
        expect(await login(server, { thumbprint })).toBe('vcenter');
    });

    it('is refused by another thumbprint, and by none of the right length', async () => {
      const other = server.thumbprint.replace(/^../, server.thumbprint.startsWith('00') ? '01' : '00');
      await expect(login(server, { thumbprint: other })).rejects.toMatchObject({
        code: 'UNTRUSTED_PEER',
        context: { thumbprint: server.thumbprint },
      });
      await expect(login(server, { thumbprint: 'AB:CD' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    });
  });

  it.each(['expired', 'wrongHost'] as const)(
    'that is %s is refused, unless it is known in person',
    async (kind) => {
      const { folder: from } = certificates[kind];
      await using server = await serve(from);
      await expect(login(server, { caPem: certificates.caPem })).rejects.toMatchObject({
        code: 'UNTRUSTED_PEER',
      });
      expect(await login(server, { thumbprint: server.thumbprint })).toBe('vcenter');
    },
  );

  it('for another host is told with options that there are', async () => {
    await using server = await serve(certificates.wrongHost.folder);
    await expect(login(server, { caPem: certificates.caPem })).rejects.toMatchObject({
      remedy: expect.stringMatching(/by the name in the certificate, or give the thumbprint/),
    });
  });

  it('is not waited for with less patience than a task wants', async () => {
    const account = { address: '127.0.0.1:1', user: 'u', password: new Secret('p') };
    for (const requestTimeoutMs of [29_999, Number.NaN])
      await expect(connectVim({ ...account, requestTimeoutMs })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
  });

  describe('of something that is no vCenter', () => {
    async function answering(
      status: number,
      body: string,
      options: Partial<VimOptions> = {},
    ): Promise<unknown> {
      const { certificatePem: cert, keyPem: key } = certificates.server;
      const server = createServer({ cert, key }, (request, response) => {
        if (status === 0) request.socket.destroy();
        else response.writeHead(status).end(body);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const account = { user: 'u', password: new Secret('hidden-word'), caPem: certificates.caPem };
      try {
        return await connectVim({ address: `127.0.0.1:${port}`, ...account, ...options }).catch(
          (error: unknown) => error,
        );
      } finally {
        server.closeAllConnections();
        server.close();
      }
    }

    it.each([
      [200, 'hello', 'FORMAT_INVALID'],
      [200, 'x'.repeat(17 * 1024 * 1024), 'PROTOCOL_VIOLATION'],
      [404, 'nothing here', 'NOT_FOUND'],
      [502, '<html>', 'CONNECTION_LOST'],
      [500, 'oops', 'CONNECTION_LOST'],
      [302, '', 'PROTOCOL_VIOLATION'],
    ])('HTTP %i is a failure with a remedy', async (status, body, code) => {
      expect(await answering(status, body)).toMatchObject({ code, remedy: expect.any(String) });
    });

    it('a connection that breaks leaves open what the server has done', async () => {
      const error = await answering(0, '');
      expect(error).toMatchObject({ code: 'CONNECTION_LOST', effect: 'unknown' });
    });

    it('a request that waits when the channel is closed tells so', async () => {
      const { certificatePem: cert, keyPem: key } = certificates.server;
      const asked = Promise.withResolvers<void>();
      const server = createServer({ cert, key }, () => asked.resolve());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const agent = createTrustedAgent({ caPem: certificates.caPem });
      const channel = new SoapChannel(agent, new URL(`https://127.0.0.1:${port}/sdk`), 60_000);
      const message = {
        method: 'WaitForUpdatesEx',
        body: '<x/>',
        action: 'urn:vim25/8.0',
        cookie: undefined,
      };
      const told = channel.send(message).catch((error: unknown) => error);
      await asked.promise;
      await channel[Symbol.asyncDispose]();
      expect(await told).toMatchObject({ code: 'NOT_OPEN', effect: 'unknown' });
      server.close();
    });

    it('calls are answered while as many others wait for news as have connections, and one more', async () => {
      const { certificatePem: cert, keyPem: key } = certificates.server;
      const asked = Promise.withResolvers<void>();
      let waiting = 0;
      const server = createServer({ cert, key }, (request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        request.on('end', () => {
          if (body !== 'wait') response.end('now');
          else if (++waiting === 8) asked.resolve();
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const agent = createTrustedAgent({ caPem: certificates.caPem });
      const channel = new SoapChannel(agent, new URL(`https://127.0.0.1:${port}/sdk`), 60_000);
      const send = (method: string, body: string) =>
        channel.send({ method, body, action: 'urn:vim25/8.0', cookie: undefined });
      const waits = Array.from({ length: 9 }, () => send('WaitForUpdatesEx', 'wait').catch(() => undefined));
      await asked.promise;
      expect(await send('CurrentTime', 'call')).toMatchObject({ text: 'now' });
      await channel[Symbol.asyncDispose]();
      await Promise.all(waits);
      server.close();
    });

    it('nobody who listens is told as such, and nothing was done', async () => {
      const account = { user: 'u', password: new Secret('p') };
      await expect(connectVim({ address: '127.0.0.1:1', ...account })).rejects.toMatchObject({
        code: 'CONNECTION_LOST',
        effect: 'none',
      });
    });

    it('a server that repeats the password does not bring it into an error', async () => {
      const fault = '<faultstring>no hidden-word here</faultstring>';
      const text = `<e:Envelope xmlns:e="x"><e:Body><e:Fault>${fault}</e:Fault></e:Body></e:Envelope>`;
      const error = await answering(500, text);
      expect(error).toMatchObject({ message: expect.stringContaining('no [redacted] here') });
    });
  });

  it.each([
    'http://127.0.0.1',
    'https://me:secret@127.0.0.1',
    'me:secret@127.0.0.1',
    'secret@127.0.0.1',
    'me:12/secret@127.0.0.1',
    'https://',
  ])('%s is no address', async (address) => {
    const refused = connectVim({ address, user: 'u', password: new Secret('p') });
    await expect(refused).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(refused).rejects.not.toThrow(/secret/);
  });
});
