import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@sendense/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resolveTarget } from './resolve-target.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-vmware-target-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('a target of a vCenter keeps the id of its installation in the state folder', async () => {
  const vmwareAccount = async () => ({ user: 'u', password: new Secret('p') });
  const stateFolder = join(folder, 'state');
  const { target } = await resolveTarget('vmware://127.0.0.1:1/new', { stateFolder, vmwareAccount });
  await using _ = target;
  const keep = { owner: 'sendense', states: [], captures: [], restores: [], replicas: [], graceMs: 0 };
  await expect(target.reconcile(keep)).rejects.toMatchObject({ code: expect.any(String) as string });
  expect(await readdir(stateFolder)).toEqual(['installation-id']);
});
