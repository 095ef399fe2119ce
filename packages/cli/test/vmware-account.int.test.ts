import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { startTestVcenter, type TestVcenter } from '@sendense/tests/vmware';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ctlJson, runCtl } from './run-ctl.ts';

describeWithPeers(['test-vcenter'], 'the account of a vCenter', () => {
  let server: TestVcenter;
  let home: string;
  let source: string;
  let account: Record<string, string>;
  beforeAll(async () => {
    server = await startTestVcenter({ machines: 0 });
    home = await mkdtemp(join(tmpdir(), 'sendense-account-'));
    source = `${server.url.replace('https:', 'vmware:')}/app-1`;
    account = {
      SENDENSE_VMWARE_USER: server.user,
      SENDENSE_VMWARE_PASSWORD: server.password,
      SENDENSE_VMWARE_THUMBPRINT: server.thumbprint,
    };
    await ctlJson(home, ['repository', 'init', '--repository', 'backups']);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  });

  const plan = (from = source) => [
    'backup',
    'start',
    '--source',
    from,
    '--repository',
    'backups',
    '--dry-run',
  ];

  it('is taken from the environment, whose thumbprint trusts the certificate', async () => {
    expect(await ctlJson(home, plan(), 0, account)).toMatchObject({ kind: 'full', reason: 'first-backup' });
  });

  it.each([
    [
      'a certificate that nothing vouches for',
      { SENDENSE_VMWARE_THUMBPRINT: '' },
      'UNTRUSTED_PEER',
      'SENDENSE_VMWARE_THUMBPRINT',
      1,
    ],
    [
      'another certificate than that of the thumbprint',
      { SENDENSE_VMWARE_THUMBPRINT: 'ab'.repeat(32) },
      'UNTRUSTED_PEER',
      'SENDENSE_VMWARE_THUMBPRINT',
      1,
    ],
    [
      'a wrong password',
      { SENDENSE_VMWARE_PASSWORD: 'not-the-password' },
      'AUTHENTICATION_FAILED',
      'password',
      1,
    ],
    ['no password', { SENDENSE_VMWARE_PASSWORD: '' }, 'CONFIG_INVALID', 'SENDENSE_VMWARE_PASSWORD', 2],
    ['no user', { SENDENSE_VMWARE_USER: '' }, 'CONFIG_INVALID', 'SENDENSE_VMWARE_USER', 2],
  ])('is refused with %s, with a remedy and without the password', async (_, change, code, remedy, exit) => {
    const run = await runCtl(home, [...plan(), '--json'], { ...account, ...change });
    expect(run.code).toBe(exit);
    expect(JSON.parse(run.lines.at(-1) ?? '')).toEqual({
      error: expect.objectContaining({
        code,
        message: expect.any(String) as string,
        remedy: expect.stringContaining(remedy) as string,
        operation: expect.any(String) as string,
        retry: 'never',
      }) as object,
    });
    for (const secret of [server.password, 'not-the-password'])
      expect(run.stdout + run.stderr).not.toContain(secret);
  });

  it('stands in no name', async () => {
    const from = source.replace('//', `//${encodeURIComponent(server.user)}:${server.password}@`);
    const run = await runCtl(home, [...plan(from), '--json'], account);
    expect([run.code, run.lines.at(-1)]).toEqual([2, expect.stringContaining('CONFIG_INVALID')]);
    expect(run.stdout + run.stderr).not.toContain(server.password);
  });

  it('is that of the configuration, whose password is in a file of its owner only', async () => {
    const { user, caFile } = server;
    const entry = { at: source, user, passwordFile: 'password', caFile };
    await writeFile(join(home, 'config.json'), JSON.stringify({ sources: { app: entry } }));
    await writeFile(join(home, 'password'), `${server.password}\n`, { mode: 0o644 });
    const args = [...plan('app'), '--config', 'config.json'];
    expect(await ctlJson(home, args, 2)).toMatchObject({
      error: { code: 'CONFIG_INVALID', remedy: expect.stringContaining('chmod 600') as string },
    });
    await chmod(join(home, 'password'), 0o600);
    expect(await ctlJson(home, args)).toMatchObject({ machineName: 'app-1', kind: 'full' });
    // the flag comes before the entry
    await writeFile(join(home, 'other'), 'not-the-password', { mode: 0o600 });
    expect(await ctlJson(home, [...args, '--password-file', 'other'], 1)).toMatchObject({
      error: { code: 'AUTHENTICATION_FAILED' },
    });
  });

  it('is not shown to several servers by one --password-file, which reconcile refuses before it asks any', async () => {
    const { user, caFile } = server;
    const other = { at: 'vmware://127.0.0.2:1/web', user };
    const sources = { app: { at: source, user, caFile }, again: { at: source, user, caFile }, other };
    await writeFile(join(home, 'servers.json'), JSON.stringify({ sources }));
    await writeFile(join(home, 'shared'), server.password, { mode: 0o600 });
    const args = [
      'reconcile',
      '--repository',
      'backups',
      '--config',
      'servers.json',
      '--password-file',
      'shared',
    ];
    const remedy = expect.stringContaining('--source') as string;
    const message = expect.stringMatching(/several servers: 127\.0\.0\.1:\d+, 127\.0\.0\.2:1$/) as string;
    const refused = { error: { code: 'CONFIG_INVALID', message, remedy } };
    expect(await ctlJson(home, args, 2)).toMatchObject(refused);
    expect(await ctlJson(home, [...args, '--source', 'app', '--source', 'other'], 2)).toMatchObject(refused);
    // two names of one server are one server
    expect(await ctlJson(home, [...args, '--source', 'app', '--source', 'again'])).toEqual({
      removed: [],
      findings: [],
    });
  });

  it('of a target is that of the configuration, as that of a source', async () => {
    const { user, caFile } = server;
    const at = source.replace('/app-1', '/restored?pool=DC0_C0/Resources&ds=LocalDS_0');
    const entry = { at, user, passwordFile: 'of-target', caFile };
    await writeFile(join(home, 'targets.json'), JSON.stringify({ targets: { lab: entry } }));
    await writeFile(join(home, 'of-target'), server.password, { mode: 0o600 });
    const args = ['reconcile', '--repository', 'backups', '--config', 'targets.json'];
    expect(await ctlJson(home, args)).toEqual({ removed: [], findings: [] });
    await writeFile(join(home, 'of-target'), 'not-the-password');
    expect(await ctlJson(home, args)).toMatchObject({
      findings: [{ code: 'reconcile-failed', message: expect.stringContaining('password') as string }],
    });
  });

  it('opens a server without a machine for reconcile', async () => {
    const args = ['reconcile', '--repository', 'backups', '--source', source.replace('/app-1', '')];
    expect(await ctlJson(home, args, 0, account)).toEqual({ removed: [], findings: [] });
  });
});
