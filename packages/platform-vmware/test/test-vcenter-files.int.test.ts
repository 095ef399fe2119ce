import { childOf, textOf } from '@sendense/plugin-kit/xml';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectVim, listMachines, vimObject } from '../src/index.ts';
import { optionsOf } from './support/test-client.ts';
import { TestMachine } from './support/test-machine.ts';

describeWithPeers(['test-vcenter'], 'guarded files of the test vCenter', () => {
  let machine: TestMachine;
  let flat: string;
  beforeEach(async () => {
    machine = await TestMachine.start();
    flat = machine.folderPath('app-1/app-1-flat.vmdk');
  });
  afterEach(() => machine[Symbol.asyncDispose]());

  const status = async (headers?: Record<string, string>) =>
    (await machine.fetch(flat, headers === undefined ? {} : { headers })).status;

  it('want a session, or the account, or a ticket for one request', async () => {
    const { url, user, password } = machine.server;
    expect(await status({})).toBe(401);
    expect(await status({ cookie: 'vmware_soap_session=guessed' })).toBe(401);
    expect(await status()).toBe(200);
    const basic = (secret: string) => `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
    expect(await status({ authorization: basic(password) })).toBe(200);
    expect(await status({ authorization: basic('wrong') })).toBe(401);
    const spec = vimObject(
      [
        ['method', 'httpGet'],
        ['url', url + flat],
      ],
      'SessionManagerHttpServiceRequestSpec',
    );
    const { sessionManager } = machine.client.content;
    const reply = await machine.client.invoke('AcquireGenericServiceTicket', sessionManager, [
      ['spec', spec],
    ]);
    const cookie = `vmware_cgi_ticket=${textOf(childOf(reply, 'returnval'), 'id')}`;
    const other = await machine.fetch(machine.folderPath('app-1/app-1.vmdk'), { headers: { cookie } });
    expect([other.status, await status({ cookie, range: 'bytes=0-9' }), await status({ cookie })]).toEqual([
      401, 206, 401,
    ]);
  });

  it('are held by a machine that runs, and free under its snapshot', async () => {
    await machine.power('On');
    expect(await status()).toBe(500);
    await machine.snapshot('a');
    expect(await status()).toBe(200);
    const delta = machine.folderPath('app-1/app-1-000001-sesparse.vmdk');
    expect((await machine.fetch(delta)).status).toBe(500);
    await machine.server.control('lock', { fileName: '[LocalDS_0] app-1/app-1-flat.vmdk', locked: true });
    expect(await status()).toBe(500);
  });

  it('are gone from where they were when the disk is moved', async () => {
    const bytes = (await machine.fetch(flat)).body;
    const moved = await machine.server.control<string>('move', { machine: 'app-1', folder: 'elsewhere' });
    expect(moved).toBe('[LocalDS_0] elsewhere/app-1.vmdk');
    expect(await status()).toBe(404);
    const found = await machine.fetch(machine.folderPath('elsewhere/app-1-flat.vmdk'));
    expect(found.body.equals(bytes)).toBe(true);
  });

  it('are cut, refused for a while and counted as tests wish', async () => {
    await machine.server.control('transfer-faults', { drops: 1, dropAfterBytes: 5000 });
    await expect(machine.fetch(flat)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await machine.server.control('transfer-faults', { unavailable: 1 });
    expect([await status(), await status()]).toEqual([503, 200]);
    const count = await machine.server.control('transfer-count');
    expect(count).toEqual({ requests: 2, bytes: 5000 + 2 ** 20 });
  });

  it('are written whole, while there is room, and removed', async () => {
    const path = machine.folderPath('new/file.bin');
    const put = (headers?: Record<string, string>) =>
      machine.fetch(path, { method: 'PUT', body: Buffer.from('abc'), ...(headers && { headers }) });
    expect((await put()).status).toBe(200);
    expect((await machine.file('new/file.bin')).toString()).toBe('abc');
    await machine.server.control('settings', { full: true });
    expect((await put()).status).toBe(507);
    expect((await machine.fetch(path, { method: 'DELETE' })).status).toBe(204);
    expect((await machine.fetch(path)).status).toBe(404);
  });

  it('are refused to sessions that have ended', async () => {
    const other = await connectVim(await optionsOf(machine.server));
    expect(await machine.server.control<number>('expire-sessions')).toBe(3);
    expect(await status()).toBe(401);
    // the client logs in anew
    expect(await listMachines(other)).toHaveLength(1);
    await other[Symbol.asyncDispose]();
  });
});
