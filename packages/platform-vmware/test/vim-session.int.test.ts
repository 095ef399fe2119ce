import { Secret, SendenseError } from '@sendense/core';
import { textOf } from '@sendense/plugin-kit/xml';
import { describeWithPeers } from '@sendense/tests/peers';
import { startTestVcenter, type TestVcenter } from '@sendense/tests/vmware';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectVim, listMachines, readProperties, type VimClient, type VimOptions } from '../src/index.ts';
import { optionsOf, watched } from './support/test-client.ts';

describeWithPeers(['test-vcenter'], 'a session with the simulated vCenter', () => {
  let server: TestVcenter;
  let options: VimOptions;
  beforeAll(async () => {
    server = await startTestVcenter({ machines: 5 });
    options = await optionsOf(server);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** The key of the session that the client has now. */
  async function keyOf(client: VimClient): Promise<string> {
    const { sessionManager } = client.content;
    const properties = { type: 'SessionManager', paths: ['currentSession'] };
    const [found] = await readProperties(client, [sessionManager], properties);
    return textOf(found?.values.get('currentSession'), 'key') ?? '';
  }

  /** Ends the session of `client` from another one, as an administrator or a time-out does. */
  async function endSession(client: VimClient): Promise<void> {
    const key = await keyOf(client);
    await using other = await connectVim(options);
    await other.invoke('TerminateSession', other.content.sessionManager, [['sessionId', [key]]]);
  }

  it('tells what the server is', async () => {
    await using client = await connectVim(options);
    expect(client.content.about).toMatchObject({
      kind: 'vcenter',
      fullName: expect.stringContaining('VMware'),
    });
    expect(client.content.about.instanceUuid).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is refused with a wrong password, which stands nowhere in the error', async () => {
    const wrong = connectVim({ ...options, password: new Secret('not-the-password') });
    const error = await wrong.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(SendenseError.is(error, 'AUTHENTICATION_FAILED')).toBe(true);
    expect(error).toMatchObject({ context: { fault: 'InvalidLogin' }, remedy: expect.any(String) });
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('not-the-password');
  });

  it('is opened again when the server has ended it, and the call is repeated', async () => {
    await using client = await connectVim(options);
    const before = await keyOf(client);
    await endSession(client);
    const machines = await Promise.all([listMachines(client), listMachines(client)]);
    expect(machines.map((list) => list.length)).toEqual([11, 11]);
    expect(await keyOf(client)).not.toBe(before);
  });

  it('starts a listing again when it ends between two pages', async () => {
    await using client = await connectVim(options);
    let ended = false;
    const methods: string[] = [];
    const ending = watched(client, methods, async (method) => {
      if (ended || method !== 'ContinueRetrievePropertiesEx') return;
      ended = true;
      await endSession(client);
    });
    const names = (await listMachines(ending, { pageSize: 4 })).map(({ name }) => name);
    expect(names).toEqual((await listMachines(client)).map(({ name }) => name));
    expect(methods.filter((method) => method === 'CreateContainerView')).toHaveLength(2);
  });

  it('is not opened for ever when the server ends each of them', async () => {
    await using client = await connectVim(options);
    const ending = watched(client, [], async () => endSession(client));
    await expect(
      ending.invoke('CurrentTime', { type: 'ServiceInstance', id: 'ServiceInstance' }),
    ).rejects.toMatchObject({ code: 'EXPIRED', context: { fault: 'NotAuthenticated' } });
  });

  it('reads an inventory of several pages as one of a single page', async () => {
    await using client = await connectVim(options);
    const methods: string[] = [];
    const paged = await listMachines(watched(client, methods), { pageSize: 3 });
    expect(methods.filter((method) => method === 'ContinueRetrievePropertiesEx')).toHaveLength(3);
    expect(paged).toEqual(await listMachines(client));
  });

  it('is logged out when it is disposed, and refuses calls then', async () => {
    const client = await connectVim(options);
    const key = await keyOf(client);
    await client[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();
    await expect(listMachines(client)).rejects.toMatchObject({ code: 'NOT_OPEN' });
    await using other = await connectVim(options);
    await expect(
      other.invoke('TerminateSession', other.content.sessionManager, [['sessionId', [key]]]),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('knows a standalone ESXi', async () => {
    await using esxi = await startTestVcenter({ esx: true });
    await using client = await connectVim(await optionsOf(esxi));
    expect(client.content.about).toMatchObject({ kind: 'esxi', instanceUuid: undefined });
    expect((await listMachines(client)).map(({ name }) => name)).toEqual(['ha-host_VM0', 'ha-host_VM1']);
  });
});
