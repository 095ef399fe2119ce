import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { inspect } from 'node:util';
import { type AzureCredential, openAzureStore } from '@sendense/repository-azure';
import { makeCertificates } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

const TENANT = '11111111-2222-4333-8444-555555555555';
/** As the service's documents say, "Bearer challenge" of "Authorize with Microsoft Entra ID". */
const CHALLENGE = `Bearer authorization_uri=https://login.microsoftonline.com/${TENANT}/oauth2/authorize resource_id=https://storage.azure.com`;
const REFUSED = { 'www-authenticate': CHALLENGE, 'x-ms-error-code': 'InvalidAuthenticationInfo' };
const FOUND = { 'content-length': '5', 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' };

/** A service of HEAD requests over TLS, because tokens are sent over nothing else; it takes the tokens that `isTaken` says. */
async function startService({ certificatePem, keyPem }: { certificatePem: string; keyPem: string }) {
  const seen: string[] = [];
  const service = { endpoint: '', seen, isTaken: (_token: string): boolean => true };
  const server = createServer({ cert: certificatePem, key: keyPem }, (request, response) => {
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    seen.push(token);
    if (service.isTaken(token)) response.writeHead(200, FOUND);
    else response.writeHead(401, REFUSED);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  service.endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(service, {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

describeWithPeers(['openssl'], 'an identity of Entra', () => {
  const trusted = getCACertificates('default');
  let folder: string;
  let service: Awaited<ReturnType<typeof startService>>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-entra-'));
    const { caPem, server } = await makeCertificates(folder);
    setDefaultCACertificates([...trusted, caPem]);
    service = await startService(server);
  });
  afterAll(async () => {
    setDefaultCACertificates(trusted);
    await service[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    service.seen.length = 0;
    service.isTaken = () => true;
  });

  /** A store whose identity gives `token-1`, `token-2` … for so long each, and what it was asked for. */
  async function open(validMs: number) {
    const asked: (string | undefined)[] = [];
    const credential: AzureCredential = {
      kind: 'entra',
      credential: {
        getToken: async (_scopes, options) => {
          asked.push(options?.tenantId);
          return { token: `token-${asked.length}`, expiresOnTimestamp: Date.now() + validMs };
        },
      },
    };
    const options = { endpoint: service.endpoint, container: 'backups', attempts: 4 };
    return { store: await openAzureStore(options, { credential }), asked };
  }

  it('is asked once for a token that is valid for long', async () => {
    const { store, asked } = await open(3_600_000);
    await using head = store;
    expect(await head.head('k')).toMatchObject({ sizeBytes: 5 });
    await head.head('k');
    expect(service.seen).toEqual(['token-1', 'token-1']);
    expect(asked).toHaveLength(1);
  });

  it('is asked anew before a token runs out', async () => {
    const { store } = await open(500);
    await using head = store;
    await head.head('k');
    await head.head('k');
    expect(service.seen).toEqual(['token-1', 'token-2']);
  });

  it('is asked anew, for the tenant that the service names, when a token is refused', async () => {
    const { store, asked } = await open(3_600_000);
    await using head = store;
    service.isTaken = (token) => token !== 'token-1';
    expect(await head.head('k')).toMatchObject({ sizeBytes: 5 });
    expect(service.seen).toEqual(['token-1', 'token-2']);
    expect(asked).toEqual([undefined, TENANT]);
  });

  it('whose tokens are all refused is told so after the second one, and no token is in the error', async () => {
    const { store } = await open(3_600_000);
    await using head = store;
    service.isTaken = () => false;
    const error: unknown = await head.head('k').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', retry: 'never' });
    expect(service.seen).toEqual(['token-1', 'token-2']);
    expect(inspect(error, { depth: 12, showHidden: true })).not.toMatch(/token-\d/);
  });
});
