import { chmod, readFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { makeCertificates } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeWorld, type World } from './support/world.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

/** Certificates, and the options that name those of the server. */
async function pki() {
  const certificates = await makeCertificates(join(world.folder, 'pki'));
  const certificateFile = join(certificates.folder, 'server-cert.pem');
  const keyFile = join(certificates.folder, 'server-key.pem');
  await chmod(keyFile, 0o600);
  return { certificates, tls: { certificateFile, keyFile } };
}

/** Status and headers of `/health`, for a client that trusts the authority `ca` and speaks at most `maxVersion`. */
function health(url: string, ca: string, maxVersion: 'TLSv1.1' | 'TLSv1.3' = 'TLSv1.3') {
  return new Promise<{ status: number | undefined; hsts: unknown }>((resolve, reject) => {
    const ciphers = 'DEFAULT@SECLEVEL=0';
    get(`${url}/health`, { ca, maxVersion, minVersion: 'TLSv1', ciphers, agent: false }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, hsts: response.headers['strict-transport-security'] });
    }).on('error', reject);
  });
}

describeWithPeers(['openssl'], 'a server with TLS', () => {
  it('shows its certificate, by TLS 1.2 or newer only', async () => {
    const { certificates, tls } = await pki();
    const { url } = await world.start({ tls });
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(await health(url, certificates.caPem)).toEqual({ status: 200, hsts: 'max-age=31536000' });
    await expect(health(url, certificates.stranger.caPem)).rejects.toThrow();
    await expect(health(url, certificates.caPem, 'TLSv1.1')).rejects.toThrow();
    await expect(fetch(url.replace('https:', 'http:'))).rejects.toThrow();
  });

  it('does not start with a key that others may read, or that is of another certificate', async () => {
    const { certificates, tls } = await pki();
    await chmod(tls.keyFile, 0o644);
    await expect(world.start({ tls })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const keyFile = join(certificates.stranger.folder, 'server-key.pem');
    await chmod(keyFile, 0o600);
    await expect(world.start({ tls: { ...tls, keyFile } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.not.stringContaining((await readFile(keyFile, 'utf8')).slice(30, 60)),
    });
    const missing = { ...tls, certificateFile: join(world.folder, 'no.pem') };
    await expect(world.start({ tls: missing })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
