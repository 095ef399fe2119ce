import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { TokenStore, tokensDirectory } from '@sendense/server/access';
import { makeCertificates } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { clientOf, makeService, type Service } from './support/service.ts';

let service: Service;
beforeEach(async () => {
  service = await makeService();
});
afterEach(() => service[Symbol.asyncDispose]());

/** A token of the role and tenant. */
async function makeToken(role: 'viewer' | 'operator' | 'admin', tenant: string | null): Promise<string> {
  const store = new TokenStore(tokensDirectory(service.stateDirectory));
  return (await store.create({ role, tenant, name: null, expiresAt: null })).token;
}

const backup = { vm_name: 'web', repository: 'main' };

it('is the caller of its token: role and tenant decide', async () => {
  const tenants = {
    web: { repositories: ['main'], sources: ['web'] },
    other: { repositories: [] },
  };
  const viewer = await makeToken('viewer', 'web');
  const operator = await makeToken('operator', 'web');
  const stranger = await makeToken('operator', 'other');
  const server = await service.start({ access: { tenants } });
  const as = (token?: string) => clientOf(server, { token });
  const { job_id: job } = await as(operator).startBackup(backup);
  expect(await as(viewer).jobs.wait(job)).toMatchObject({ state: 'completed' });
  await expect(as(viewer).startBackup(backup)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  await expect(as(stranger).startBackup(backup)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(as(stranger).jobs.wait(job)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(as().listJobs()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED', retry: 'never' });
  await expect(as(`${viewer}x`).listJobs()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
});

describeWithPeers(['openssl'], 'a server with a certificate of an own authority', () => {
  it('is trusted by that authority alone', async () => {
    const certificates = await makeCertificates(join(service.folder, 'pki'));
    const certificateFile = join(certificates.folder, 'server-cert.pem');
    const keyFile = join(certificates.folder, 'server-key.pem');
    await chmod(keyFile, 0o600);
    const token = await makeToken('operator', null);
    const server = await service.start({ tls: { certificateFile, keyFile } });
    const client = clientOf(server, { token, caPem: certificates.caPem });
    const { job_id: job } = await client.startBackup(backup);
    expect(await client.jobs.wait(job)).toMatchObject({ state: 'completed' });
    await expect(client.showJob({ job_id: 'none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { jobs } = await client.listJobs();
    expect(jobs).toHaveLength(1);
    const strangers = { token, caPem: certificates.stranger.caPem };
    for (const options of [{ token }, strangers])
      await expect(clientOf(server, options).listJobs()).rejects.toMatchObject({ code: 'UNTRUSTED_PEER' });
    await server.close();
    await expect(client.listJobs()).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });
});
