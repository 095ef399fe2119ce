import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@sendense/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createAskVmwareAccount, type VmwareAccountSources } from './vmware-account.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n';
const ENVIRONMENT = {
  SENDENSE_VMWARE_USER: 'backup@vsphere.local',
  SENDENSE_VMWARE_PASSWORD: 'of the environment',
  SENDENSE_VMWARE_CA_FILE: 'ca.pem',
};

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-account-'));
  await writeFile(join(folder, 'ca.pem'), PEM);
  await writeFile(join(folder, 'password'), 'of the file\n', { mode: 0o600 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function asked(environment: Record<string, string>, sources: VmwareAccountSources = {}) {
  const ask = createAskVmwareAccount(environment, { workingDirectory: folder, ...sources });
  const { password, ...account } = await ask('vc.example');
  return { ...account, password: password.reveal() };
}

it('is that of the environment', async () => {
  expect(await asked(ENVIRONMENT)).toEqual({
    user: 'backup@vsphere.local',
    password: 'of the environment',
    caPem: PEM,
  });
});

it('is that of the settings first, which replace all that the environment trusts', async () => {
  const settings = { user: 'root', passwordFile: 'password', thumbprint: 'ab:cd' };
  expect(await asked(ENVIRONMENT, { settings })).toEqual({
    user: 'root',
    password: 'of the file',
    thumbprint: 'ab:cd',
  });
});

it('asks a person for a password that nothing else gives, and names user and server', async () => {
  const questions: string[] = [];
  const prompt = async (question: string) => {
    questions.push(question);
    return new Secret('typed');
  };
  expect(await asked({ SENDENSE_VMWARE_USER: 'root' }, { prompt })).toEqual({
    user: 'root',
    password: 'typed',
  });
  expect(await asked(ENVIRONMENT, { prompt })).toMatchObject({ password: 'of the environment' });
  expect(questions).toEqual(['password of root at vc.example']);
});

it.each([
  [{}, 'SENDENSE_VMWARE_USER'],
  [{ SENDENSE_VMWARE_USER: 'root', SENDENSE_VMWARE_PASSWORD: '' }, 'SENDENSE_VMWARE_PASSWORD'],
  [{ ...ENVIRONMENT, SENDENSE_VMWARE_CA_FILE: 'password' }, 'PEM'],
])('refuses %j with what is missing', async (environment, remedy) => {
  await expect(asked(environment)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    remedy: expect.stringContaining(remedy) as string,
  });
});
