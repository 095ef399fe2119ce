import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { startTestVcenter, type TestVcenter } from '@sendense/tests/vmware';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ctlJson } from './run-ctl.ts';

describeWithPeers(['test-vcenter'], 'how machines of a vCenter are tracked and read', () => {
  let server: TestVcenter;
  let home: string;
  let source: string;
  beforeAll(async () => {
    server = await startTestVcenter();
    home = await mkdtemp(join(tmpdir(), 'sendense-settings-'));
    source = `${server.url.replace('https:', 'vmware:')}/app-1`;
    await writeFile(join(home, 'password'), server.password, { mode: 0o600 });
    await ctlJson(home, ['repository', 'init', '--repository', 'backups']);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  });

  /** Writes the configuration, in which `app` is a machine of the vCenter with these settings. */
  async function configured(vmware: object | undefined, at = source): Promise<void> {
    const { user, caFile } = server;
    const app = { at, user, passwordFile: 'password', caFile, ...(vmware === undefined ? {} : { vmware }) };
    await writeFile(join(home, 'config.json'), JSON.stringify({ sources: { app } }));
  }

  const backUp = (exit = 0) =>
    ctlJson(
      home,
      ['backup', 'start', '--source', 'app', '--repository', 'backups', '--config', 'config.json'],
      exit,
    );

  const finding = (code: string, message: string) =>
    expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as object;

  it('is said by the configuration: by a lease, and with change tracking that begins anew where it is broken', async () => {
    await configured({ track: 'repair', transport: 'lease' });
    expect((await backUp()).findings).toContainEqual(finding('transport', '(lease)'));
    const disks = await server.control<{ key: number }[]>('disks', { machine: 'app-1' });
    await server.control('damage-tracking', { machine: 'app-1', key: disks[0]?.key, damage: 'fault' });
    expect((await backUp()).findings).toContainEqual(
      finding('change-tracking-reset', 'switched off and on again'),
    );
    await configured(undefined);
    const last = await backUp();
    expect(last.kind).toBe('incremental');
    expect(last.findings).toContainEqual(finding('transport', '(datastore)'));
  });

  it.each([
    ['a word that is none', { track: 'sometimes' }, 'track'],
    ['a setting that is none', { trak: 'off' }, 'trak'],
    ['VDDK that is not said', { transport: 'vddk' }, 'vddk.libdir'],
    ['a place of its account', { user: 'root' }, 'user'],
  ])('is refused with %s before anything is connected to', async (_what, vmware, named) => {
    await configured(vmware, 'vmware://127.0.0.1:1/app-1');
    const message = expect.stringContaining(named) as string;
    expect(await backUp(2)).toMatchObject({ error: { code: 'CONFIG_INVALID', message } });
  });

  it('is nothing that the source of an image has', async () => {
    await configured({ track: 'off' }, 'image:disk.raw');
    const message = expect.stringContaining('"vmware"') as string;
    expect(await backUp(2)).toMatchObject({ error: { code: 'CONFIG_INVALID', message } });
  });
});
