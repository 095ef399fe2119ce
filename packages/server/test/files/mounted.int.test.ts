import { execFileSync } from 'node:child_process';
import { type FileHandle, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, expect, it } from 'vitest';
import { type FilesServer, startFilesServer, TEXT, type Who } from './files-server.ts';

/** A mount, as far as the tests look at it. */
type Mounted = { readonly mount_id: string; readonly mount_path: string };
type Failure = { readonly error: { readonly code: string; readonly remedy: string } };

let server: FilesServer;
let held: FileHandle | undefined;
afterEach(async () => {
  await held?.close();
  held = undefined;
  await server[Symbol.asyncDispose]();
});

/** Asks for a folder of the backup of `web`. */
const ask = (who: Who, more: object = { trust_image: true }): Promise<Response> =>
  server.request(who, 'mount', { json: { backup_id: server.backups.web, mode: 'mount', ...more } });

async function mount(who: Who): Promise<Mounted> {
  const reply = await ask(who);
  expect(reply.status, JSON.stringify(await reply.clone().json())).toBe(200);
  return (await reply.json()) as Mounted;
}

const listed = async (who: Who): Promise<readonly Mounted[]> =>
  ((await (await server.request(who, 'mount')).json()) as { mounts: Mounted[] }).mounts;

const end = (who: Who, id: string, query = ''): Promise<Response> =>
  server.request(who, `${id}${query}`, { method: 'DELETE' });

const failureOf = async (reply: Response) => ({
  status: reply.status,
  ...((await reply.json()) as Failure).error,
});

/** The folder of the state of the server: all that it mounts names it. */
const stateOf = ({ auditFile }: FilesServer): string => dirname(dirname(auditFile));

/** What the system has mounted in a folder. */
const mountsIn = async (folder: string): Promise<readonly string[]> =>
  (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((line) => line.includes(folder));

/** Loop devices whose file lies in a folder. */
const devicesOf = (folder: string): readonly string[] =>
  execFileSync('losetup', ['--all'], { env: { PATH: '/usr/sbin:/sbin:/usr/bin:/bin' }, encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(folder));

const peers = ['ext4-tools', 'loop-mounts', 'qemu-storage-daemon', 'fuse'];

describeWithPeers(peers, 'a backup as a folder of the machine of the server', () => {
  it('shows its files, is listed for its tenant, browsed by the API too, and ends without a trace', async () => {
    server = await startFilesServer({ mounts: { enabled: true } });
    const reply = await ask('web');
    expect(reply.status).toBe(200);
    const body = (await reply.json()) as Mounted;
    const { mount_id: id, mount_path: path } = body;
    expect(path.startsWith(stateOf(server))).toBe(true);
    expect(body).toMatchObject({
      backup_id: server.backups.web,
      volumes: [{ id: 'disk-0', file_system: 'ext4', readable: true, path, driver: 'kernel' }],
      findings: [],
    });
    expect(await readFile(join(path, 'etc', 'passwd'), 'utf8')).toBe(TEXT);
    await expect(writeFile(join(path, 'new'), '')).rejects.toMatchObject({ code: 'EROFS' });
    const browsed = await server.request('web', `${id}/download?path=/etc/passwd`);
    expect(await browsed.text()).toBe(TEXT);

    const entry = { mount_id: id, mode: 'mount', mount_path: path, repository: 'main' };
    const volumes = [expect.objectContaining({ id: 'disk-0', file_system: 'ext4', path, driver: 'kernel' })];
    expect(await listed('web')).toEqual([{ ...entry, backup_id: server.backups.web, volumes }]);
    expect(await listed('all')).toHaveLength(1);
    expect(await listed('db')).toEqual([]);
    expect((await end('db', id)).status).toBe(404);
    expect(await readdir(path)).toContain('etc');

    const ended = await end('web', id);
    expect([ended.status, await ended.json()]).toEqual([200, { mount_id: id, findings: [] }]);
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await mountsIn(stateOf(server))).toEqual([]);
    expect(devicesOf(stateOf(server))).toEqual([]);
    expect(await listed('web')).toEqual([]);
    expect((await end('web', id)).status).toBe(404);

    const lines = (await readFile(server.auditFile, 'utf8')).trim().split('\n');
    const noted = lines.map((line) => JSON.parse(line) as { event: string; subject: object });
    const subject = { backup: server.backups.web, mode: 'mount', trustImage: true };
    // before the system reads anything of the disk
    expect(noted).toContainEqual(expect.objectContaining({ event: 'asked', subject }));
    expect(noted).toContainEqual(
      expect.objectContaining({ event: 'answered', status: 200, subject: expect.objectContaining(subject) }),
    );
  });

  it('is not ended while something is open in it, unless by force, which tells it', async () => {
    server = await startFilesServer({ mounts: { enabled: true } });
    const { mount_id: id, mount_path: path } = await mount('web');
    held = await open(join(path, 'etc', 'passwd'));
    expect(await failureOf(await end('web', id))).toMatchObject({ status: 409, code: 'LOCKED' });
    expect(await readdir(path)).toContain('etc');
    expect(await listed('web')).toHaveLength(1);
    const forced = await end('web', id, '?force=true');
    expect([forced.status, await forced.json()]).toMatchObject([
      200,
      { findings: [{ severity: 'warning', code: 'mount-in-use', object: path }] },
    ]);
    expect(await mountsIn(stateOf(server))).toEqual([]);
    expect(await listed('web')).toEqual([]);
  });

  it('ends when nobody uses it, and is no mount of the API from then on', async () => {
    server = await startFilesServer({ mounts: { enabled: true, idleMs: 200 } });
    const { mount_id: id, mount_path: path } = await mount('web');
    await expect.poll(() => stat(path).catch(() => 'gone'), { timeout: 20_000 }).toBe('gone');
    await expect.poll(() => listed('web'), { timeout: 20_000 }).toEqual([]);
    expect((await server.request('web', `${id}/files`)).status).toBe(404);
    expect(server.logged).toContainEqual(
      expect.objectContaining({ level: 'info', message: expect.stringContaining('nobody used it') }),
    );
  });

  it('is browsed by the API as long as it is there, also when nothing was asked of it for long', async () => {
    server = await startFilesServer({ mounts: { enabled: true }, idleMs: 200 });
    const { mount_id: id } = await mount('web');
    await expect.poll(() => server.files.sessions, { timeout: 20_000 }).toEqual([]);
    const replies = await Promise.all([1, 2, 3].map(() => server.request('web', `${id}/files?path=/etc`)));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await end('web', id)).status).toBe(200);
  });

  it('has a bound: of the server, half of it for one tenant', async () => {
    server = await startFilesServer({ mounts: { enabled: true, most: 2 } });
    await mount('web');
    expect(await failureOf(await ask('web'))).toMatchObject({ status: 429, code: 'QUOTA_EXCEEDED' });
    await mount('all');
    const { mount_id: id } = (await listed('all'))[0] ?? { mount_id: '' };
    expect(await failureOf(await ask('all'))).toMatchObject({ status: 429, code: 'QUOTA_EXCEEDED' });
    expect((await end('all', id)).status).toBe(200);
    await mount('web');
  });

  it('goes with the server, also while something is open in it, which is logged', async () => {
    server = await startFilesServer({ mounts: { enabled: true } });
    const [first, second] = [await mount('web'), await mount('all')];
    held = await open(join(first.mount_path, 'etc', 'passwd'));
    await server.server.close();
    expect(await mountsIn(stateOf(server))).toEqual([]);
    for (const { mount_path: path } of [first, second])
      await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(server.logged.filter(({ message }) => message.includes('by force'))).toHaveLength(1);
  });
});

describeWithPeers(['ext4-tools'], 'a folder that is asked for', () => {
  it('is refused where nobody says that the disks are trusted, with what to say', async () => {
    server = await startFilesServer({ mounts: { enabled: true } });
    const refused = await failureOf(await ask('web', {}));
    expect(refused).toMatchObject({ status: 400, code: 'CONFIG_INVALID' });
    expect(refused.remedy).toContain('"trust_image": true');
    expect(server.files.sessions).toEqual([]);
  });

  it('is there only for who may see the backup and read its files', async () => {
    server = await startFilesServer({ mounts: { enabled: true } });
    expect((await ask('db')).status).toBe(404);
    expect((await ask('viewer')).status).toBe(403);
    expect((await server.request('viewer', 'mount')).status).toBe(403);
  });

  it.each([
    ['PERMISSION_DENIED', 502, 'mounting takes Linux and the rights of root'],
    ['UNSUPPORTED', 501, 'the program qemu-storage-daemon is missing'],
    ['FORMAT_UNSUPPORTED', 501, 'no volume can be mounted'],
  ] as const)(
    'is refused with %s as %i where mounting is: nothing stays open',
    async (code, status, text) => {
      const refusal = new SendenseError(code, text, { operation: 'mount-point', remedy: 'browse the files' });
      const fileMount = {
        mountPoint: async (reader: AsyncDisposable) => {
          await reader[Symbol.asyncDispose]();
          throw refusal;
        },
        reconcileMounts: async () => ({ removed: [], findings: [] }),
      };
      server = await startFilesServer({ mounts: { enabled: true, most: 1 }, fileMount });
      for (const _ of [1, 2])
        expect(await failureOf(await ask('web'))).toMatchObject({ status, code, remedy: 'browse the files' });
      expect(server.files.sessions).toEqual([]);
      expect(await listed('web')).toEqual([]);
    },
  );

  it('keeps no server from its start where what an earlier one left cannot be taken away, which is logged', async () => {
    const fileMount = {
      mountPoint: () => Promise.reject(new Error('nothing is mounted here')),
      reconcileMounts: () => Promise.reject(new Error('a record is damaged')),
    };
    server = await startFilesServer({ fileMount });
    expect(server.logged).toContainEqual(
      expect.objectContaining({ level: 'error', message: expect.stringContaining('a record is damaged') }),
    );
  });
});
